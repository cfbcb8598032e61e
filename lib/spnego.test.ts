import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spnego } from "./spnego.ts";
import { placePackage } from "./testbed/package-place.ts";

// webhdfs-kerberos.live.test.ts logs in for real. Here a module stands for the package `kerberos`,
// because most machines have none.
describe("spnego(host)", () => {
  const folder = join(tmpdir(), `questlog-${randomUUID()}`);
  let takeBack: () => void = () => {};
  before(() => mkdirSync(folder));
  afterEach(() => takeBack());
  after(() => rmSync(folder, { recursive: true }));

  /** A package whose main module has this text. */
  function install(name: string, text: string): void {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, text);
    takeBack = placePackage("kerberos", file);
  }

  it("asks for a ticket of the host's web server, and gives its token", async () => {
    install(
      "given",
      `export default { initializeClient: async (service, { mechOID }) => ({
        step: async (challenge) => [service, mechOID, challenge].join("|") }) };`,
    );
    assert.equal(await spnego("namenode.example"), "HTTP@namenode.example|6|");
  });

  it("says in one sentence that the package is missing, and how to get it", async () => {
    takeBack = placePackage("kerberos", join(folder, "nothing.mjs"));
    await assert.rejects(spnego("namenode.example"), {
      message:
        "QUESTLOG_WEBHDFS_KERBEROS: expected the package kerberos, found none: apt-get install libkrb5-dev, then npm install --no-save kerberos",
    });
  });

  it("says why the package cannot be loaded", async () => {
    install(
      "broken",
      `throw new Error("libgssapi_krb5.so.2: cannot open shared object file\\nRequire stack:\\n- /x");`,
    );
    await assert.rejects(spnego("namenode.example"), {
      message:
        "QUESTLOG_WEBHDFS_KERBEROS: expected the package kerberos, got one that cannot be loaded (libgssapi_krb5.so.2: cannot open shared object file)",
    });
  });

  it("names the host, the reason and the commands for tickets without a ticket", async () => {
    install(
      "ticketless",
      `export default { initializeClient: async () => ({
        step: async () => { throw new Error("No Kerberos credentials available"); } }) };`,
    );
    await assert.rejects(spnego("namenode.example"), {
      message:
        "Kerberos gives no ticket for HTTP/namenode.example (No Kerberos credentials available); klist shows the tickets, kinit makes one",
    });
  });
});
