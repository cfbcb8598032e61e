/**
 * The parameters of a notebook → HTML: the list below the notebook's title.
 */
import { NONE } from "../ask/format.ts";
import { forHtml, forTerminal, shortened } from "../untrusted.ts";
import { type LiteralValue, readLiteralCode } from "./literal-code.ts";
import type { Notebook } from "./notebook.ts";

const MAX_CHARS = 200; // of a value; the executed notebook has the whole

/**
 * The list of the parameters with their values; empty for a notebook without parameters. Readers
 * get the values without quotes and brackets, and without the mark of a default.
 */
export function renderParameters({ parameters = [] }: Notebook, isForReaders = false): string {
  if (parameters.length === 0) return "";
  const items = parameters.map(({ name, code, isDefault }) => {
    const shown = shortened(isForReaders ? plainText(code) : code.replace(/\s+/g, " "), MAX_CHARS);
    const value = isForReaders ? forHtml(forTerminal(shown)) : `<code>${forHtml(shown)}</code>`;
    const mark = isDefault && !isForReaders ? " (default)" : "";
    return `<div><dt>${forHtml(name)}</dt><dd>${value}${mark}</dd></div>`;
  });
  return `<dl class="parameters" aria-label="Parameters">${items.join("\n")}</dl>`;
}

function plainText(code: string): string {
  const value = readLiteralCode(code);
  return value === undefined ? code : textOf(value);
}

function textOf(value: LiteralValue): string {
  if (value === null) return NONE;
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  if (value instanceof Map) return [...value].map(([name, one]) => `${name}: ${textOf(one)}`).join(", ");
  return String(value);
}
