/**
 * The report's style sheet, as a string, so that it is compiled like all code.
 *
 * One column of text of about 70 characters on a scale of 1.25; light and dark from the reader's
 * system; figures scroll in their own box; in print the code stays folded unless it was opened.
 */
import { PRINTED_ROWS } from "./render-table.ts";

export const MAX_FIT = 20; // the widest text of a tile in one line, in parts of its size

const FITS = Array.from({ length: MAX_FIT }, (_, i) => `.fits-${i + 1} { --fit: ${i + 1}; }`).join(" ");

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fcfbf9; --ink: #1c1e21; --soft: #565b62; --faint: #6d727a; --line: #e3e0da; --wash: #f4f2ed;
  --accent: #0f62c4; --ok: #0b7a53; --bad: #b3261e; --bad-wash: #fdf1f0;
  --key: #8a3ffc; --string: #0b7a53; --number: #a8480b; --name: #0f62c4;
  --text: Inter, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, system-ui, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --ink: #e4e3df; --soft: #a2a6ac; --faint: #8b9098; --line: #2e3238; --wash: #1d2024;
    --accent: #7db4ff; --ok: #4cc38a; --bad: #ff8f85; --bad-wash: #2b1a1a;
    --key: #c4a1ff; --string: #7fd1a7; --number: #f0a875; --name: #8dbdff;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 2rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; padding: 0 1.25rem 6rem; background: var(--page); color: var(--ink);
  font: 1.0625rem/1.65 var(--text); overflow-wrap: break-word; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 0.18em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.top { max-width: 44rem; margin: 0 auto; padding: clamp(2.5rem, 6vw, 4rem) 0 2.5rem; }
.logo { display: block; max-width: 12rem; max-height: 3.5rem; margin: 0 0 1.5rem; }
h1 { margin: 0 0 0.75rem; font-size: clamp(2.1rem, 6vw, 3.2rem); line-height: 1.1; letter-spacing: -0.025em; font-weight: 700; text-wrap: balance; }
.kicker { margin: 0 0 0.6rem; color: var(--soft); font-size: 0.875rem; letter-spacing: 0.02em; }
.subtitle { margin: 0 0 0.75rem; color: var(--soft); font-size: clamp(1.15rem, 3vw, 1.35rem); line-height: 1.4; text-wrap: balance; }
.byline { margin: 0 0 1.75rem; color: var(--soft); font-size: 0.9375rem; }
.headline { margin: 0 0 1.75rem; font-size: clamp(1.2rem, 3.2vw, 1.4rem); line-height: 1.45; }
.headline p { margin: 0 0 0.75rem; }
.tiles { display: grid; grid-template-columns: repeat(var(--columns, 1), minmax(0, 1fr)); gap: 0.75rem; margin: 0 0 2rem; }
.columns-2 { --columns: 2; } .columns-3 { --columns: 3; } .columns-4 { --columns: 4; } ${FITS}
.tiles div { container-type: inline-size; display: block; padding: 0.9rem 1rem 0.8rem; background: var(--wash); border: 0; border-top: 3px solid var(--accent); border-radius: 0 0 6px 6px; }
.tiles dt { color: var(--soft); font-size: 0.875rem; line-height: 1.35; }
.tiles dd { margin: 0.15rem 0 0; color: var(--soft); font-size: 0.8125rem; line-height: 1.4; }
.tiles .value { color: var(--ink); font-size: clamp(1rem, calc(100cqi / var(--fit, 6)), 2.1rem); font-weight: 700; line-height: 1.2; letter-spacing: -0.02em; }
.top > figure { margin: 0 0 2rem; }
.summary { margin: 0 0 0.4rem; padding-left: 0.9rem; border-left: 3px solid var(--ok); line-height: 1.45; }
.summary.failed, .summary.interrupted { margin-bottom: 1.75rem; border-color: var(--bad); font-size: 1.2rem; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.page { max-width: 44rem; margin: 0 auto; }

nav { padding: 1.5rem 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); font-size: 0.9375rem; line-height: 1.45; }
.nav-title { margin: 0 0 0.6rem; color: var(--soft); font-size: 0.875rem; }
nav ol { margin: 0; padding: 0; list-style: none; counter-reset: step; }
nav ol > li { counter-increment: step; margin: 0 0 0.55rem; padding-left: 1.6rem; position: relative; }
nav ol > li::before { content: counter(step); position: absolute; left: 0; color: var(--faint); font-variant-numeric: tabular-nums; }
nav ol > li > a { font-weight: 600; }
nav.empty { display: none; }
nav ul { margin: 0.2rem 0 0; padding: 0; list-style: none; font-size: 0.875rem; }
nav:has(.single) :is(.nav-end, .toggle) { padding-left: 0; }
nav ul li { margin: 0.15rem 0; }
nav a { color: inherit; text-decoration: none; }
nav a:hover { color: var(--accent); text-decoration: underline; }
nav ul a, .nav-end { color: var(--soft); }
nav .failed > a { color: var(--bad); }
nav .not-run > a { color: var(--faint); }
.nav-end { margin: 0.8rem 0 0; padding-left: 1.6rem; }
.took { color: var(--faint); font-size: 0.8125rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.toggle { display: flex; gap: 0.5rem; align-items: center; margin-top: 1rem; padding-left: 1.6rem; color: var(--soft); cursor: pointer; width: fit-content; }
.toggle input { margin: 0; width: 1rem; height: 1rem; accent-color: var(--accent); }

.step { padding-top: 4.5rem; }
.step > .kicker { display: flex; gap: 0.75rem; align-items: baseline; margin-bottom: 0.35rem; }
h2 { margin: 0 0 1rem; font-size: clamp(1.6rem, 4vw, 2rem); line-height: 1.2; letter-spacing: -0.018em; text-wrap: balance; }
h3 { margin: 2.75rem 0 0.6rem; font-size: 1.25rem; line-height: 1.35; letter-spacing: -0.01em; text-wrap: balance; }
h4 { margin: 2rem 0 0.5rem; font-size: 1.0625rem; }
/* A page of one notebook has its title in the head: its sections are h2, with more room above. */
.sections h2 { margin: 3rem 0 0.75rem; font-size: clamp(1.35rem, 3.5vw, 1.6rem); }
.sections > .prose:first-child > h2:first-child { margin-top: 0; }
.sections h3 { margin-top: 2.25rem; }
.prose { max-width: 70ch; }
.prose p, .prose ul, .prose ol { margin: 0 0 1rem; }
.prose li { margin: 0.25rem 0; }
.prose li.task { list-style: none; position: relative; }
.prose li.task::before { content: ""; position: absolute; left: -1.5rem; top: 0.35em; width: 0.85em; height: 0.85em; border: 1.5px solid var(--faint); border-radius: 3px; }
.prose li.task.done::before { background: var(--ok); border-color: var(--ok); }
.prose li.task.done::after { content: ""; position: absolute; left: -1.2rem; top: 0.42em; width: 0.28em; height: 0.52em; border: solid var(--page); border-width: 0 2px 2px 0; transform: rotate(42deg); }
.prose img { max-width: 100%; height: auto; }
.prose details { margin: 0 0 1rem; padding: 0.6rem 1rem; border: 1px solid var(--line); border-radius: 6px; }
.prose details > summary { font-weight: 600; cursor: pointer; }
.prose details[open] > summary { margin-bottom: 0.6rem; }
.prose details > :last-child { margin-bottom: 0; }
.prose kbd { padding: 0.1em 0.4em; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; font: 0.85em var(--mono); }
.prose mark { padding: 0 0.15em; background: color-mix(in srgb, var(--accent) 22%, transparent); color: inherit; }
.prose-table { display: block; max-width: 100%; overflow-x: auto; }
math { font-size: 1.08em; }
math[display="block"] { display: block math; margin: 1rem 0; padding: 0.2rem 0; overflow-x: auto; overflow-y: hidden; }
.footnotes { margin-top: 2rem; font-size: 0.875rem; color: var(--soft); }
.footnotes-sep { margin: 2rem 0 1rem; width: 6rem; }
.footnote-ref { line-height: 0; }
.prose blockquote { margin: 1.25rem 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.prose pre { padding: 0.9rem 1.1rem; background: var(--wash); border-radius: 6px; overflow-x: auto; }
code, pre { font-family: var(--mono); }
:not(pre) > code { font-size: 0.9em; }
.prose :not(pre) > code { padding: 0.1em 0.3em; background: var(--wash); border-radius: 4px; }
pre { margin: 0; font-size: 0.84375rem; line-height: 1.6; tab-size: 2; }
hr { margin: 2.5rem 0; border: 0; border-top: 1px solid var(--line); }

.cell { margin: 0.4rem 0 1.4rem; }
.cell + .cell { margin-top: -0.8rem; }
details.code > summary { display: flex; gap: 0.75rem; align-items: baseline; padding: 0.2rem 0; color: var(--faint); cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
details.code > summary::before { content: ""; flex: none; width: 0.34rem; height: 0.34rem; border: solid currentColor; border-width: 0 1.5px 1.5px 0; transform: translateY(-0.12rem) rotate(-45deg); transition: transform 0.12s; }
details.code[open] > summary::before { transform: translateY(-0.16rem) rotate(45deg); }
summary:hover { color: var(--soft); }
summary code { flex: 1 1 auto; min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-size: 0.8125rem; }
summary span { flex: none; font-size: 0.8125rem; }
.held { color: var(--ok); }
.held::before { content: ""; display: inline-block; width: 0.3rem; height: 0.6rem; margin-right: 0.45rem; border: solid currentColor; border-width: 0 1.5px 1.5px 0; transform: rotate(42deg) translateY(-0.06rem); }
summary .failed { color: var(--bad); font-weight: 600; }
.not-run { color: var(--faint); }
details.quiet:not([open]) { display: none; }
body:has(#show-code:checked) details.quiet { display: block; }
details.output > summary { padding: 0.2rem 0; color: var(--soft); cursor: pointer; font-size: 0.875rem; }
details.code pre { margin: 0.3rem 0 0.9rem; padding: 0.9rem 1.1rem; background: var(--wash); border-radius: 6px; overflow-x: auto; }
body:has(#show-code:checked) details.code::details-content { content-visibility: visible; display: block; height: auto; }
body:has(#show-code:checked) details.code:not([open]) > summary { justify-content: flex-end; padding: 0; }
body:has(#show-code:checked) details.code:not([open]) > summary code, body:has(#show-code:checked) details.code:not([open]) > summary::before { display: none; }
.hljs-keyword, .hljs-built_in { color: var(--key); }
.hljs-string, .hljs-regexp { color: var(--string); }
.hljs-number, .hljs-literal { color: var(--number); }
.hljs-title, .hljs-attr, .hljs-property { color: var(--name); }
.hljs-comment { color: var(--soft); font-style: italic; }

pre.text { margin: 0.6rem 0; max-height: 32rem; overflow-y: auto; padding: 0.1rem 0 0.1rem 1rem; border-left: 2px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
pre.drawn { white-space: pre; }
pre.stderr { color: var(--soft); }
.error { margin: 0.8rem 0; padding: 0.9rem 1.1rem; background: var(--bad-wash); border-left: 3px solid var(--bad); border-radius: 0 6px 6px 0; }
.error p { margin: 0; color: var(--bad); font-weight: 600; }
.note.printed { display: none; }
.error pre.text { background: none; margin: 0.4rem 0 0; padding: 0; border: 0; white-space: pre-wrap; }
figure { position: relative; margin: 1.1rem 0 1.6rem; }
.permalink { position: absolute; top: 0; right: 0; padding: 0 0.4rem; color: var(--soft); text-decoration: none; opacity: 0; }
figure:hover > .permalink, .permalink:focus-visible { opacity: 1; }
@media (hover: none) { .permalink { opacity: 0.6; } }
figure:target { outline: 2px solid var(--accent); outline-offset: 0.6rem; border-radius: 2px; }
.chart svg { display: block; width: 100%; max-width: 38rem; height: auto; min-width: 20rem; color: var(--ink); font-variant-numeric: tabular-nums; }
.chart text { font-family: var(--text); }
/* The picture has room for texts of a phone's size; a wide one enlarges them too much. */
@media print, (min-width: 40rem) {
  .chart text[font-size="14px"] { font-size: 12px; }
  .chart text[font-size="16px"] { font-size: 14.5px; }
}
.scroll, pre.text { overflow-x: auto; background: linear-gradient(to right, var(--page) 1.5rem, transparent) local,
  linear-gradient(to left, var(--page) 1.5rem, transparent) right / 3rem 100% local no-repeat,
  linear-gradient(to left, color-mix(in srgb, var(--ink) 14%, transparent), transparent) right / 0.8rem 100% scroll no-repeat; }
table { border-collapse: collapse; min-width: min(100%, 28rem); font-size: 0.9375rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
caption { padding: 0 0 0.5rem; text-align: left; font-size: 0.9375rem; font-weight: 600; }
th, td { padding: 0.4rem 1.5rem 0.4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.long { min-width: 18rem; white-space: normal; overflow-wrap: anywhere; font-family: var(--mono); font-size: 0.8125rem; }
th { color: var(--soft); font-size: 0.875rem; font-weight: 500; white-space: nowrap; border-bottom-color: var(--faint); }
.tall { max-height: 32rem; overflow-y: auto; border-bottom: 1px solid var(--line); }
.tall thead th { position: sticky; top: 0; background: var(--page); box-shadow: inset 0 -1px var(--faint); }
th button { all: unset; cursor: pointer; color: inherit; font: inherit; }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
th[aria-sort="ascending"] button::after { content: " \\2191"; }
th[aria-sort="descending"] button::after { content: " \\2193"; }
.tools { display: flex; gap: 0.75rem; align-items: baseline; margin: 0 0 0.6rem; color: var(--soft); font-size: 0.8125rem; }
.tools input { width: 11rem; padding: 0.25rem 0.6rem; border: 1px solid var(--faint); border-radius: 6px; background: var(--page); color: var(--ink); font: inherit; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.center { text-align: center; }
.prose table { margin: 1.1rem 0 1.4rem; }
.prose th, .prose td { white-space: normal; }
.said { margin: 0.9rem 0; }
td.null { color: var(--faint); }
.ansi-bold { font-weight: 700; }
.ansi-dim { opacity: 0.75; }
.ansi-italic { font-style: italic; }
.ansi-underline { text-decoration: underline; }
.ansi-strikethrough { text-decoration: line-through; }
.picture img { display: block; max-width: 100%; height: auto; }
.html { overflow-x: auto; }
.html img { max-width: 100%; height: auto; }
.html .heading { font-weight: 600; }
details.json > summary { color: var(--soft); cursor: pointer; font-size: 0.875rem; }
.note.cut { margin: 0.3rem 0; }
.note { margin: 0.3rem 0 1rem; color: var(--soft); font-size: 0.8125rem; }
.claims { margin: 0.6rem 0; padding: 0; list-style: none; font-size: 0.8125rem; line-height: 1.5; color: var(--soft); }
.claims li { position: relative; padding-left: 1.2rem; overflow-wrap: anywhere; }
.claims li::before { position: absolute; left: 0.2rem; top: 0.3rem; }
.claims code { color: var(--ink); font-size: 0.75rem; }
.claims .values { padding-left: 0.6rem; font-family: var(--mono); font-size: 0.75rem; color: var(--soft); }
.claims p.values { margin: 0.3rem 0 0; }
.claims .difference { margin: 0.2rem 0 0.6rem; font-size: 0.75rem; color: var(--ink); }
.claims .times { color: var(--soft); }
.claims .unheld code, .claims .unheld .values { color: var(--bad); }

.facts { margin-top: 5rem; padding-top: 2.5rem; border-top: 1px solid var(--line); font-size: 0.9375rem; }
.facts h2 { font-size: 1.25rem; }
.facts h3 { margin: 1.5rem 0 0.4rem; color: var(--soft); font-size: 0.875rem; font-weight: 500; letter-spacing: 0; }
dl { margin: 0; font-variant-numeric: tabular-nums; }
dl div { display: flex; gap: 1rem; padding: 0.3rem 0; border-bottom: 1px solid var(--line); }
dt { flex: 0 0 10rem; color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }

@media (min-width: 72rem) {
  .top, .page { max-width: 66rem; }
  .page { display: grid; grid-template-columns: 16rem minmax(0, 44rem); gap: 0 6rem; }
  .top { padding-left: 22rem; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 2rem 0.25rem 2rem 0; border: 0; }
  main { grid-column: 2; }
  main > .step:first-child { padding-top: 1.6rem; }
}
.wide { display: block; max-width: 66rem; padding-left: 0; }
.runs { width: 100%; }
.runs td:is(.title, .notebooks, .parameters) { white-space: normal; overflow-wrap: anywhere; }
.runs td.title { min-width: 12rem; }
.runs td:is(.notebooks, .parameters) { min-width: 9rem; }
@media screen and (max-width: 68rem) {
  .runs, .runs tbody, .runs tr, .runs td { display: block; }
  .runs thead { display: none; }
  .runs tr { padding: 0.7rem 0; border-bottom: 1px solid var(--line); }
  .runs td { display: flex; gap: 1rem; padding: 0.15rem 0; border: 0; text-align: left; }
  .runs td::before { content: attr(data-head); flex: 0 0 6rem; color: var(--soft); }
  .runs td:empty { display: none; }
}
@media screen and (max-width: 40rem) {
  .tiles:not(.columns-1) { --columns: 2; }
  .tiles.single { --columns: 1; }
  .tiles:not(.columns-1, .single) > div:last-child:nth-child(odd) { grid-column: 1 / -1; }
}
@media (max-width: 30rem) {
  body { font-size: 1rem; }
  .step { padding-top: 3.5rem; }
  .chart { margin-inline: -0.75rem; }
  th, td { padding-right: 1.1rem; }
  dt { flex-basis: 7rem; }
}
@media print {
  :root { --page: #fff; --ink: #000; --soft: #444; --faint: #666; --line: #ccc; --wash: #f5f5f5; --accent: #000; --ok: #0b7a53; --bad: #b3261e; --bad-wash: #fdf1f0; }
  @page { margin: 20mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); color: #444; font: 8pt sans-serif; } }
  @page wide { size: landscape; }
  body { padding: 0; font-size: 10pt; line-height: 1.5; }
  .top { padding: 0 0 8mm; }
  .permalink, .tools { display: none; }
  .tall { max-height: none; }
  .tall thead th { position: static; box-shadow: none; }
  .tiles div { break-inside: avoid; }
  .top, .page { max-width: none; display: block; }
  nav { position: static; max-height: none; border-top: 1px solid var(--line); }
  nav .toggle { display: none; }
  .step { padding-top: 0; break-before: page; }
  .step:first-child { break-before: auto; padding-top: 10mm; }
  h2, h3, h4, caption { break-after: avoid; }
  figure.chart, .error, tr, dl div, .parameters, .tiles, nav, .claims { break-inside: avoid; }
  .runs { font-size: 7.5pt; }
  .runs th, .runs td { padding-right: 2.5mm; font-size: inherit; }
  .runs td:is(.title, .notebooks, .parameters) { min-width: 0; }
  .runs td:is(.run, .state, .number), .runs th { white-space: nowrap; }
  details.code, .tools { break-after: avoid; }
  /* Folded code would part a heading from its chart. */
  body:not(:has(#show-code:checked)) :is(details.code:not([open]), .cell:not(:has(> :not(details.code:not([open]))))) { display: none; }
  details.code:not([open]) > summary code, details.code:not([open]) > summary::before { display: none; }
  details.code:not([open]) > summary { padding: 0; justify-content: flex-end; }
  body:has(#show-code:checked) details.code > summary { display: none; }
  pre, pre.text, details.code pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: none; overflow: visible; }
  .scroll, pre.text { background: none; }
  .scroll, .chart { overflow: visible; }
  table { min-width: min(100%, 100mm); }
  table { font-size: 8.5pt; }
  th, td { white-space: normal; overflow-wrap: break-word; padding-right: 4mm; }
  td.long { min-width: 40mm; overflow-wrap: anywhere; font-size: 7.5pt; }
  td.number { white-space: nowrap; overflow-wrap: normal; }
  th.number { white-space: normal; }
  .chart svg { width: auto; min-width: 0; max-width: 130mm; max-height: 205mm; }
  figure.table tbody tr:nth-child(n + ${PRINTED_ROWS + 1}) { display: none; }
  .note.printed { display: block; }
  /* A table of more than 10 columns gets a wide page, and all of its texts can break. */
  figure.table:has(th:nth-child(11)) { page: wide; }
  figure.table:has(th:nth-child(11)) table { width: 100%; font-size: 6.5pt; }
  figure.table:has(th:nth-child(11)) :is(th, td, td.number) { padding-right: 1.5mm; white-space: normal; overflow-wrap: anywhere; font-size: inherit; min-width: 0; }
  thead { display: table-header-group; }
}
`;
