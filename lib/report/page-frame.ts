/**
 * The parts of a page → one HTML file that sends no request, and runs no script but its own.
 *
 * The policy names style and script by their hashes. So markup that escapes by a fault is inert.
 */
import { createHash } from "node:crypto";
import { forHtml } from "../untrusted.ts";

export interface PageParts {
  lang: string;
  title: string;
  author?: string;
  style: string;
  body: string; // HTML
  script?: { id: string; code: string };
}

/** The page. */
export function renderFrame({ lang, title, author = "", style, body, script }: PageParts): string {
  const scripts = script === undefined ? "" : ` script-src ${hashOf(script.code)};`;
  const policy = `default-src 'none'; style-src ${hashOf(style)};${scripts} img-src data:; base-uri 'none'; form-action 'none'`;
  const lines = [
    `<!doctype html>`,
    `<html lang="${forHtml(lang)}">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<meta name="referrer" content="no-referrer">`,
    `<title>${forHtml(title)}</title>`,
    ...(author === "" ? [] : [`<meta name="author" content="${forHtml(author)}">`]),
    `<style>${style}</style>`,
    `</head>`,
    `<body>`,
    body,
    ...(script === undefined ? [] : [`<script id="${script.id}">${script.code}</script>`]),
    `</body>`,
    `</html>`,
  ];
  return `${lines.join("\n")}\n`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
