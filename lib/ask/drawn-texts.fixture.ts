/** For tests of charts: hostile texts, and the texts of a drawing. */
export const hostile = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "]]></svg>",
  "datum.number",
  "${x}",
  "__proto__",
];

/** The lines of text of an SVG, in their order. */
export function texts(svg: string): string[] {
  return [...svg.matchAll(/<(text|tspan)[^>]*>([^<]+)<\/\1>/g)].map(([, , text]) => text!);
}
