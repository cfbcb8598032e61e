import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type Server } from "node:https";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { HdfsAccess } from "./cluster-settings.ts";
import { Secret } from "./secret.ts";
import { HOST, settings } from "./settings.ts";
import { TwoNameNodes } from "./testbed/two-namenodes.ts";
import { type HdfsOptions, WebHdfs } from "./webhdfs.ts";

describe("WebHdfs with two NameNodes, HTTPS and permissions", function () {
  this.timeout(180_000);
  const pair = new TwoNameNodes(join(settings.home, `pair-${randomUUID().slice(0, 8)}`));
  const clients: WebHdfs[] = [];
  let gateway: Server | undefined;
  before(async () => {
    await pair.start();
    await pair.administer("first", "/own", "op=MKDIRS");
    await pair.administer("first", "/own", "op=SETOWNER&owner=ann");
  });
  after(async () => {
    gateway?.close();
    for (const client of clients) client.close();
    await pair.stop();
  });

  const client = (options: HdfsOptions = {}): WebHdfs => {
    const access: HdfsAccess = { ca: pair.ca, password: undefined, token: undefined, kerberos: false };
    const made = new WebHdfs({
      urls: [pair.url("second"), pair.url("first")],
      user: "ann",
      access,
      ...options,
    });
    clients.push(made);
    return made;
  };

  it("finds the active one, and sends it all further calls", async () => {
    const hdfs = client();
    await hdfs.makeFolder("/own/a");
    assert.equal(hdfs.activeUrl, pair.url("first"));
    assert.equal(await hdfs.rename("/own/a", "/own/b"), true);
    assert.deepEqual(
      (await hdfs.list("/own")).entries.map(({ name }) => name),
      ["b"],
    );
  });

  it("says that only a standby answers", async () => {
    const hdfs = client({ urls: [pair.url("second")], attempts: 1 });
    await assert.rejects(hdfs.status("/own"), { exception: "StandbyException", passing: true });
  });

  it("refuses a server with another authority", async () => {
    const access: HdfsAccess = { ca: undefined, password: undefined, token: undefined, kerberos: false };
    await assert.rejects(client({ access, attempts: 1 }).status("/own"), /certificate/);
  });

  it("names the user, the folder and the remedy without permission", async () => {
    await assert.rejects(
      client({ user: "eve" }).makeFolder("/own/eve"),
      /Permission denied: user=eve.*; eve needs rights: hdfs dfs -chown -R eve \/questlog, or another QUESTLOG_HDFS_USER$/,
    );
  });

  it("names the folder with a quota, and the remedy", async () => {
    const hdfs = client();
    await hdfs.makeFolder("/own/limited");
    await pair.administer(
      "first",
      "/own/limited",
      "op=SETQUOTA&namespacequota=1&storagespacequota=9223372036854775807",
    );
    await assert.rejects(
      hdfs.makeFolder("/own/limited/more"),
      /NSQuotaExceededException.*\/own\/limited.*hdfs dfsadmin -setQuota NUMBER FOLDER$/,
    );
  });

  it("logs in at a gateway with a path, and tells a wrong password without showing it", async () => {
    const keys = join(pair.home, "keys");
    const pem = readFileSync(join(keys, "server.pem"), "utf8");
    const right = `Basic ${Buffer.from("ann:right-c4nary").toString("base64")}`;
    // Stands for Knox before HttpFS: it asks for a password, passes calls below its path on, and
    // lists from the first name always.
    gateway = createServer({ key: pem, cert: pem }, (asked, answer) => {
      const address = asked.url?.replace(/&startafter=[^&]*/, "");
      const path = address?.replace(/^\/gateway\/default/, "") ?? "";
      if (asked.headers.authorization !== right || path === address)
        return answer.writeHead(401).end("<html><title>Error 401 Unauthorized</title></html>");
      const options = { method: asked.method, ca: pair.ca };
      const sent = request(`${pair.url("first")}${path}`, options, (reply) =>
        reply.pipe(answer.writeHead(reply.statusCode ?? 500)),
      );
      asked.pipe(sent);
    }).listen(0, HOST);
    await once(gateway, "listening");
    const urls = [`https://${HOST}:${(gateway.address() as AddressInfo).port}/gateway/default`];
    const through = (password: string) =>
      client({
        urls,
        attempts: 1,
        access: { ca: pair.ca, password: Secret.of(password), token: undefined, kerberos: false },
      });
    const hdfs = through("right-c4nary");
    for (const name of ["a", "b"]) await hdfs.makeFolder(`/own/by-gateway/${name}`);
    assert.deepEqual(
      (await hdfs.list("/own/by-gateway", "a")).entries.map(({ name }) => name),
      ["b"],
    );
    await assert.rejects(through("wrong-c4nary").makeFolder("/own/x"), ({ message }: Error) => {
      return (
        /status 401, Error 401 Unauthorized; it asks for a login: QUESTLOG_WEBHDFS_PASS/.test(message) &&
        !message.includes("c4nary")
      );
    });
  });

  it("goes on at the other one when they change roles, and when the active one is killed", async () => {
    const hdfs = client();
    await hdfs.makeFolder("/own/before");
    await pair.activate("second");
    await hdfs.makeFolder("/own/after");
    assert.equal(hdfs.activeUrl, pair.url("second"));
    await pair.activate("first");
    await hdfs.status("/own");
    await pair.kill("first");
    await pair.activate("second");
    assert.equal(await hdfs.rename("/own/before", "/own/renamed"), true);
    assert.equal(hdfs.activeUrl, pair.url("second"));
  });
});
