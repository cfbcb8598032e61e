/**
 * The parameters of a notebook → HTML: the list below the notebook's title.
 */
import { forHtml, shortened } from "../untrusted.ts";
import type { Notebook } from "./notebook.ts";

const MAX_CHARS = 200; // of a value; the executed notebook has the whole

/** The list of the parameters with their values; empty for a notebook without parameters. */
export function renderParameters({ parameters = [] }: Notebook): string {
  if (parameters.length === 0) return "";
  const items = parameters.map(({ name, code, isDefault }) => {
    const value = `<code>${forHtml(shortened(code.replace(/\s+/g, " "), MAX_CHARS))}</code>`;
    return `<div><dt>${forHtml(name)}</dt><dd>${value}${isDefault ? " (default)" : ""}</dd></div>`;
  });
  return `<dl class="parameters" aria-label="Parameters">${items.join("\n")}</dl>`;
}
