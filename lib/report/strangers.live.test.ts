// A report beside other people, who play and send events all the time.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { $ } from "zx";
import { TopicWriter } from "../collect/publish.ts";
import { apiUrlIn, checkoutEnv, copyCheckout, removeCheckout } from "../testbed/checkout.fixture.ts";
import { Ground } from "../testbed/ground.ts";
import { infinite } from "../traffic/scenarios.ts";
import { sendEvents } from "../traffic/send.ts";

const PAUSE_MS = 300; // between a stranger's rounds of 20 requests

describe("npm run report beside other people", function () {
  this.timeout(300_000);
  const ground = new Ground("strangers");
  const folder = copyCheckout("original");
  const stop = new AbortController();
  let env: NodeJS.ProcessEnv;
  let url: string;

  before(async () => {
    env = await checkoutEnv(folder, ground);
    url = apiUrlIn(env);
    const { exitCode, stderr } = await npm()`npm run --silent up -- api stream`;
    assert.equal(exitCode, 0, stderr);
  });
  after(async () => {
    stop.abort();
    await npm()`npm run --silent down`;
    await ground.remove();
    removeCheckout(folder);
  });

  const npm = () => $({ cwd: folder, env, quiet: true, nothrow: true });

  it("holds all claims, counts its own events alone, and says how many the others sent", async () => {
    const playing = [1, 2].map(() => infinite({ url, pauseMs: PAUSE_MS, signal: stop.signal }));
    const posting = postUntil(stop.signal);
    const { exitCode, stdout, stderr } =
      await npm()`npm run --silent report -- 2-requests 3-stream 4-tables 5-report`;
    stop.abort();
    const sent = (await Promise.all(playing)).reduce((sum, { requests }) => sum + requests, 0);
    assert.equal(exitCode, 0, stdout + stderr);
    const html = readFileSync(join(folder, "out", "report.html"), "utf8");
    assert.match(
      html,
      /Nothing was lost, nothing doubled: <strong>220<\/strong> requests, <strong>220<\/strong>/,
    );
    assert.ok(sent > 1_000, `strangers sent ${sent}`);
    assert.ok((await posting) > 100);
  });

  /** Sends good events, wrong ones, copies, and others under a used id; counts its requests. */
  async function postUntil(signal: AbortSignal): Promise<number> {
    let requests = 0;
    const used = randomUUID();
    const writer = await TopicWriter.open({ topic: ground.topic });
    const misfit = { event_id: used, event_type: "purchase_sword", params: { power_level: "many" } };
    for (; !signal.aborted; requests++) {
      const event_id = randomUUID();
      const sword = { event_type: "purchase_sword", event_id, params: { metal: "<b>'gold\n" } };
      const wrong = { event_type: "purchase_sword", params: { power_level: "many" } };
      const again = { event_type: "join_a_guild", event_id: used, params: { region: `ny ${requests}` } };
      await sendEvents([sword, sword, wrong, again], { url });
      await writer.publish(JSON.stringify(misfit), "a producer without the API");
      await sleep(100);
    }
    await writer.close();
    return requests;
  }
});
