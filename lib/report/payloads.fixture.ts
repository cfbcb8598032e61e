/**
 * 100 texts that try to run a script, or to make the reader's browser send a request.
 */

/** The name of the global variable that a script among the payloads sets. */
export const FLAG = "questlogScriptRan";

const BREAKOUTS = ["", "\"'>", "</text></svg></td></style></script>", "--> ]]> */"];

/** @param canary the URL that no browser may request */
export function payloads(canary: string): string[] {
  const js = `globalThis.${FLAG}=1`;
  const bodies = [
    `<script>${js}</script>`,
    `<script src="${canary}/script"></script>`,
    `<img src=x onerror=${js}>`,
    `<img src="${canary}/img">`,
    `<svg onload=${js}>`,
    `<svg><script>${js}</script></svg>`,
    `<iframe src="${canary}/iframe"></iframe>`,
    `<iframe srcdoc="<script>parent.${FLAG}=1</script>"></iframe>`,
    `<object data="${canary}/object"></object><embed src="${canary}/embed">`,
    `<link rel=stylesheet href="${canary}/link">`,
    `<style>@import '${canary}/import';</style>`,
    `<base href="${canary}/"><a href=x>base</a>`,
    `<meta http-equiv=refresh content="0;url=${canary}/meta">`,
    `<details open ontoggle=${js}><input autofocus onfocus=${js}>`,
    `<a href="javascript:${js}">link</a>`,
    `<math><mtext><mglyph><style><img src=x onerror=${js}>`,
    `<foreignObject><body onload=${js}><img src=x onerror=${js}></foreignObject>`,
    `<image href="${canary}/image"/><use href="${canary}/use#a"/>`,
    `![image](${canary}/markdown) <${canary}/auto>`,
    `[link](javascript:${js}) [link](data:text/html,<script>${js}</script>)`,
    `&lt;img src=x onerror=${js}&gt; &#60;script&#62;${js}&#60;/script&#62;`,
    `" onmouseover=${js} style="background:url(${canary}/style)" x="`,
    `$\\href{javascript:${js}}{math}$ $$\\unicode{<img src=x onerror=${js}>}$$`,
    `{{constructor.constructor('${js}')()}} \${${js}}`,
    `<video src="${canary}/video" poster="${canary}/poster" onerror=${js}></video>`,
  ];
  return bodies.flatMap((body, i) => BREAKOUTS.map((breakout, j) => `${breakout}${i}.${j} ${body}`.trim()));
}
