import assert from "node:assert/strict";
import { join } from "node:path";
import type { KernelOutput } from "../report/channels.ts";
import { type Kernel, startKernel } from "../report/kernel.ts";
import { RESULT_MIME } from "./result.ts";
import type { TableData } from "./table.ts";
import { settings } from "../settings.ts";

// A real kernel runs cells that import the compiled library, like those of a notebook.
describe("show(spec) in a notebook's cell", () => {
  let kernel: Kernel;
  before(async () => {
    kernel = await startKernel(join(settings.root, "notebooks"));
    await run(
      `import { bars } from "../dist/ask/chart.js";`,
      `import { say, show, table } from "../dist/ask/show.js";`,
      `const swords = [{ metal: "gold", swords: 60 }, { metal: "<b>copper</b>", swords: 50 }];`,
      `const spec = bars(swords, { category: "metal", value: "swords", title: "Swords" });`,
    );
  });
  after(() => kernel.shutdown());

  async function run(...lines: string[]): Promise<KernelOutput[]> {
    const outputs: KernelOutput[] = [];
    const onOutput = (output: KernelOutput) => outputs.push(output);
    const status = await kernel.execute(lines.join("\n"), { timeoutMs: 60_000, onOutput });
    assert.equal(status, "ok", JSON.stringify(outputs));
    return outputs;
  }

  it("sends one output with spec and text", async () => {
    const outputs = await run(`show(spec);`);
    assert.deepEqual(
      outputs.map(({ type }) => type),
      ["display_data"],
    );
    const data = outputs[0]!.content.data as Record<string, unknown>;
    assert.deepEqual(Object.keys(data), ["application/vnd.vegalite.v5+json", "text/plain"]);
    assert.equal(data["text/plain"], "Swords: gold 60, <b>copper</b> 50");
    assert.equal((data["application/vnd.vegalite.v5+json"] as { title: string }).title, "Swords");
  });

  it("shows rows as data, as HTML and as text", async () => {
    const outputs = await run(`table(swords, { caption: "Swords" });`);
    const data = outputs[0]!.content.data as Record<string, string>;
    assert.deepEqual((data["application/vnd.dataresource+json"] as unknown as TableData).data, [
      { metal: "gold", swords: 60 },
      { metal: "<b>copper</b>", swords: 50 },
    ]);
    assert.match(data["text/html"]!, /<caption>Swords<\/caption>[^]*<td>&#60;b&#62;copper/);
    assert.match(data["text/plain"]!, /^Swords\n┌/);
  });

  it("keeps a sentence's values as text, even where Markdown may contain any HTML", async () => {
    const outputs = await run(
      "say`**${60}** of <img src=x onerror=alert(1)> ![a](http://b/) [c](javascript:d)`;",
    );
    const data = outputs[0]!.content.data as Record<string, string>;
    assert.deepEqual(Object.keys(data), ["text/html", "text/markdown", "text/plain", RESULT_MIME]);
    assert.match(data["text/html"]!, /^<div class="mathjax_ignore"><p><strong>60<\/strong> of &lt;img /);
    assert.doesNotMatch(data["text/html"]!, /<(img|a)\b/);
  });
});
