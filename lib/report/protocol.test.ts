import assert from "node:assert/strict";
import { formatMessage, parseMessage } from "./protocol.ts";

const REQUEST = { id: "1", session: "s", type: "execute_request", content: { code: "1 + 1" } };

describe("parseMessage(frames, key)", () => {
  const frames = (key: string) => formatMessage(REQUEST, key).map((frame) => Buffer.from(frame));

  it("reads what formatMessage signed with the same key", () => {
    const { header, content } = parseMessage([Buffer.from("identity"), ...frames("key")], "key");
    assert.equal(header.msg_type, "execute_request");
    assert.deepEqual(content, { code: "1 + 1" });
  });

  it("refuses another key, and a changed content", () => {
    assert.throws(() => parseMessage(frames("other"), "key"), {
      name: "KernelError",
      message: /expected a message signed/,
    });
    const changed = frames("key");
    changed[5] = Buffer.from('{"code":"2"}');
    assert.throws(() => parseMessage(changed, "key"), {
      name: "KernelError",
      message: /expected a message signed/,
    });
  });

  it("refuses frames that are not a message", () => {
    assert.throws(() => parseMessage([Buffer.from("x")], "key"), {
      message: /expected a message of the Jupyter protocol, got 1 frames/,
    });
  });
});
