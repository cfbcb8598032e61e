import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { askKafkaRelease } from "./kafka-release.ts";

// A broker's answer to ApiVersions 3, byte by byte, by Kafka's protocol guide.
describe("askKafkaRelease(address)", () => {
  const text = (value: string) => [value.length + 1, ...Buffer.from(value)];
  const feature = (name: string, newest: number) => [...text(name), 0, 1, 0, newest, 0];

  async function broker(error: number, features: number[][], extraBytes = 0) {
    const supported = [features.length + 1, ...features.flat()];
    const answer = Buffer.from([
      ...[0, 0, 0, 0], // correlation id
      ...[0, error],
      ...[3, 0, 18, 0, 0, 0, 4, 0, 0, 3, 0, 0, 0, 13, 0], // two APIs
      ...[0, 0, 0, 0], // throttle time
      ...[2, 1, 8, 0, 0, 0, 0, 0, 0, 0, 7], // two tags; the first is the epoch
      ...[0, supported.length, ...supported],
    ]);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(answer.length + extraBytes);
    const server = createServer((socket) => {
      socket.once("data", () => {
        for (const byte of Buffer.concat([size, answer])) socket.write(Buffer.from([byte]));
        if (extraBytes > 0) socket.end();
      });
    });
    after(() => server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("takes the release from the newest metadata.version", async () => {
    const features = [feature("group.version", 1), feature("metadata.version", 27)];
    assert.equal(await askKafkaRelease(await broker(0, features)), "4.1");
  });

  it("calls a release that it does not know unknown", async () => {
    const address = await broker(0, [feature("metadata.version", 99)]);
    assert.equal(await askKafkaRelease(address), "unknown (metadata.version 99)");
  });

  it("throws an error of the broker, and an answer without the feature or cut short", async () => {
    await assert.rejects(askKafkaRelease(await broker(35, [])), /expected error code 0, got 35/);
    await assert.rejects(
      askKafkaRelease(await broker(0, [])),
      /expected the feature metadata.version, got other features only/,
    );
    await assert.rejects(
      askKafkaRelease(await broker(0, [], 9)),
      /expected an answer, got the end of the connection/,
    );
  });
});
