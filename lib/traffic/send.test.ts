import assert from "node:assert/strict";
import { createApi } from "../collect/api.ts";
import { type Listener, serve } from "../collect/serve.ts";
import { events } from "../events.ts";
import { sendEvents } from "./send.ts";

const ID = "0190b1c2-7e5f-7abc-8def-0123456789ab";
const event_type = events[0]!.type;

// A real API listens; the test stands in for Kafka.
describe("sendEvents(events, options)", () => {
  let listener: Listener;
  let url: string;
  let published: string[];

  beforeEach(async () => {
    published = [];
    const publish = (message: string) => {
      published.push(message);
      return Promise.resolve("kafka" as const);
    };
    listener = await serve(createApi({ publish, whyNotReady: () => null }), 0);
    url = `http://127.0.0.1:${listener.port}`;
  });
  afterEach(() => listener.close());

  it("resolves with a verdict for each event, in the order sent", async () => {
    const verdicts = await sendEvents([{ event_type, event_id: ID }, { event_type: "dance" }], { url });
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ["accepted", "refused"],
    );
    assert.equal(verdicts[0]!.event_id, ID);
    assert.match(verdicts[1]!.error!, /^event_type: expected one of .*, got "dance"/);
  });

  it("sends an event again under its id", async () => {
    const event = { event_type, event_id: ID, player: "ann" };
    await sendEvents([event], { url });
    await sendEvents([event], { url });
    const sent = published.map((message) => JSON.parse(message) as { event_id: string; player: string });
    assert.deepEqual(
      sent.map(({ event_id, player }) => [event_id, player]),
      [
        [ID, "ann"],
        [ID, "ann"],
      ],
    );
  });

  it("throws with the API's answer if that has no verdicts", async () => {
    const many = Array.from({ length: 1001 }, () => ({ event_type }));
    await assert.rejects(
      sendEvents(many, { url }),
      /POST \/events: expected 1001 verdicts, got 413 .*at most 1000/,
    );
  });
});
