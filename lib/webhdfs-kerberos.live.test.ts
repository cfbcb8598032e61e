import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HdfsAccess } from "./cluster-settings.ts";
import { Secret } from "./secret.ts";
import { settings } from "./settings.ts";
import { missingKdcPackages } from "./testbed/kdc.ts";
import { KerberosHdfs, missingJava } from "./testbed/kerberos-hdfs.ts";
import { installKerberos } from "./testbed/kerberos-package.ts";
import { placePackage } from "./testbed/package-place.ts";
import { WebHdfs } from "./webhdfs.ts";

describe("WebHdfs with Kerberos: a KDC, a NameNode and a DataNode", function () {
  this.timeout(180_000);
  const home = join(settings.home, `kerberos-${randomUUID().slice(0, 8)}`);
  const server = new KerberosHdfs(home, ["ann", "eve"]);
  const clients: WebHdfs[] = [];
  let takeBack: () => void = () => {};
  before(async function () {
    const missing = [...(await missingKdcPackages()), ...(await missingJava())];
    if (missing.length > 0) {
      const problem = `Kerberos is not tested without ${missing.join(", ")}`;
      if (process.env.QUESTLOG_TEST_CONTAINERS === "required") throw new Error(problem);
      console.log(`    ${problem}`);
      this.skip();
    }
    const { folder, file } = await installKerberos();
    const takePlaceBack = placePackage("kerberos", file);
    takeBack = () => {
      takePlaceBack();
      rmSync(folder, { recursive: true });
    };
    await server.start();
  });
  beforeEach(async () => {
    await server.kdc.login("ann", "ann");
    server.useTickets("ann");
  });
  after(async () => {
    for (const client of clients) client.close();
    await server.stop();
    takeBack();
  });

  function client(login: Partial<HdfsAccess> = { kerberos: true }): WebHdfs {
    const access = { ca: server.ca, password: undefined, token: undefined, kerberos: false, ...login };
    const made = new WebHdfs({ urls: [server.url], access, attempts: 1 });
    clients.push(made);
    return made;
  }

  /** Each call of the commit chain, once. */
  async function walk(hdfs: WebHdfs, folder: string): Promise<void> {
    const [first, second] = [`${folder}/first`, `${folder}/second`];
    await hdfs.makeFolder(folder);
    await hdfs.create(first, Buffer.from("bytes"));
    assert.equal((await hdfs.read(first))?.toString(), "bytes");
    assert.equal((await hdfs.read(first, { offset: 1, length: 3 }))?.toString(), "yte");
    assert.equal(await hdfs.rename(first, second), true);
    assert.equal(await hdfs.rename(first, second), false);
    const { entries } = await hdfs.list(folder);
    assert.deepEqual(
      entries.map(({ name, bytes }) => [name, bytes]),
      [["second", 5]],
    );
    assert.equal(await hdfs.status(first), null);
    await hdfs.remove(folder);
  }

  it("makes, writes, reads, renames, lists and deletes with a ticket", () => walk(client(), "/ann/a"));

  it("logs in many times at once, as each call does", async () => {
    const hdfs = client();
    await Promise.all(Array.from({ length: 60 }, (_, i) => hdfs.makeFolder(`/ann/many/${i}`)));
    assert.equal((await hdfs.list("/ann/many")).entries.length, 60);
  });

  it("reads the NameNode's own facts, which ask for a ticket too", async () => {
    const hdfs = client();
    const before = await hdfs.version();
    await hdfs.makeFolder("/ann/version");
    assert.notEqual(await hdfs.version(), before);
  });

  it("says in one sentence that there is no ticket, and goes on after kinit", async () => {
    const hdfs = client();
    server.useTickets("new");
    await assert.rejects(hdfs.status("/ann"), ({ message }: Error) => {
      assert.match(
        message,
        /^HDFS GETFILESTATUS \/ann: localhost:\d+: Kerberos gives no ticket for HTTP\/localhost \(.*\); klist shows the tickets, kinit makes one$/,
      );
      return true;
    });
    await server.kdc.login("ann", "new");
    assert.equal((await hdfs.status("/ann"))?.type, "DIRECTORY");
  });

  it("names the ticket's user without permission", async () => {
    await server.kdc.login("eve", "eve");
    server.useTickets("eve");
    await assert.rejects(
      client().makeFolder("/ann/eve"),
      /Permission denied: user=eve.*; eve needs rights: hdfs dfs -chown -R eve \/questlog, or the ticket of another user$/,
    );
  });

  it("tells the ways to log in if no way is set", async () => {
    await assert.rejects(client({}).status("/ann"), /status 401, .*; it asks for a login: QUESTLOG_WEBHDFS_/);
  });

  it("takes a delegation token from a file, until the token is cancelled", async () => {
    const answer = await server.call("GET", "/webhdfs/v1/?op=GETDELEGATIONTOKEN&renewer=ann");
    const { Token } = JSON.parse(answer) as { Token: { urlString: string } };
    const file = join(home, "token");
    writeFileSync(file, `${Token.urlString}\n`);
    server.useTickets("none");
    const hdfs = client({ token: Secret.inFile("QUESTLOG_WEBHDFS_TOKEN_FILE", file) });
    await walk(hdfs, "/ann/by-token");
    server.useTickets("ann");
    await server.call("PUT", `/webhdfs/v1/?op=CANCELDELEGATIONTOKEN&token=${Token.urlString}`);
    await assert.rejects(hdfs.status("/ann"), ({ message }: Error) => {
      assert.match(message, /InvalidToken: .*; QUESTLOG_WEBHDFS_TOKEN_FILE needs a new delegation token$/);
      assert.ok(!message.includes(Token.urlString));
      return true;
    });
  });
});
