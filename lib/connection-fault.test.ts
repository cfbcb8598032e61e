// Real servers, and the errors that Node's own clients throw.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp, request as requestHttp } from "node:http";
import { createServer as createTcp, type Server } from "node:net";
import { request as requestHttps } from "node:https";
import { connectionFault } from "./connection-fault.ts";

const servers: Record<string, () => Server> = {
  "a server without TLS": () => createHttp((_, response) => response.end("plain")),
  "a server that closes each connection": () =>
    createTcp((socket) => socket.once("data", () => socket.destroy())),
  "no server": () => createTcp(),
};

describe("connectionFault(error, url, caSetting)", () => {
  const cases: [scheme: string, server: string, expected: RegExp][] = [
    ["https", "a server without TLS", /^it does not speak TLS: its address begins with http, not https$/],
    [
      "http",
      "a server that closes each connection",
      /^it closed the connection \(ECONNRESET\); if it speaks TLS/,
    ],
    ["http", "no server", /^connect ECONNREFUSED 127\.0\.0\.1:\d+$/],
  ];
  for (const [scheme, name, expected] of cases)
    it(`says the reason for ${scheme} to ${name}`, async () => {
      const server = servers[name]!().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      if (name === "no server") await new Promise((resolve) => server.close(resolve));
      const url = new URL(`${scheme}://127.0.0.1:${port}/`);
      const request = scheme === "https" ? requestHttps(url) : requestHttp(url);
      request.end();
      const [error] = (await once(request, "error").catch((thrown: Error) => [thrown])) as [Error];
      if (name !== "no server") server.close();
      assert.match(connectionFault(error, url, "QUESTLOG_X_CA_FILE"), expected);
    });

  // The codes of OpenSSL's faults: https://docs.openssl.org/3.0/man1/openssl-verification-options
  for (const code of [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ])
    it(`names the setting of the CA for ${code}`, () => {
      const error = Object.assign(new Error("self-signed certificate"), { code });
      const fault = connectionFault(error, new URL("https://host:1/"), "QUESTLOG_X_CA_FILE");
      assert.equal(
        fault,
        `its certificate is from a CA that is not known here (${code}): QUESTLOG_X_CA_FILE names the CA`,
      );
    });

  it("leaves other faults of a certificate as they are", () => {
    const error = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
    assert.equal(connectionFault(error, new URL("https://host:1/"), "X"), "certificate has expired");
  });
});
