/**
 * A request → the address of its client: the socket's, or behind trusted proxies that of
 * X-Forwarded-For.
 *
 * Each proxy adds the address that it sees to the end of that header. So the header is read from
 * its end, as long as the addresses are trusted; the first other one is the client. Any client can
 * write the header, so the part before that address counts for nothing.
 */
import type { Express, Request } from "express";
import { BlockList, isIP } from "node:net";

/** @param proxies addresses and networks such as "10.0.0.0/8" */
export function trustProxies(api: Express, proxies: readonly string[]): void {
  // One list for each family: in a common list, ::/8 has all IPv4 addresses too.
  const trusted = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const proxy of proxies) {
    const [address = "", bits] = proxy.split("/");
    const family = familyOf(address);
    if (bits === undefined) trusted[family].addAddress(address, family);
    else trusted[family].addSubnet(address, Number(bits), family);
  }
  const isTrusted = (hop: string): boolean => {
    const address = addressOf(hop).replace(/%.*$/, ""); // the zone of a link-local address
    const family = familyOf(address);
    return isIP(address) !== 0 && trusted[family].check(address, family);
  };
  api.set("trust proxy", proxies.length > 0 && isTrusted);
}

/** The client's address; the last known one before a text that is no address. */
export function clientAddress({ ips, socket }: Request): string {
  const addresses = [...ips, socket.remoteAddress ?? ""].map(addressOf);
  return addresses.find((address) => isIP(address) !== 0) ?? "";
}

/**
 * A hop without its port, which some proxies write: "192.0.2.1:4711", "[2001:db8::1]:4711". An IPv6
 * listener writes IPv4 addresses as "::ffff:192.0.2.1".
 */
function addressOf(hop: string): string {
  const [, four, six] = /^(?:([\d.]+):\d+|\[([\da-f:.]+)\](?::\d+)?)$/i.exec(hop) ?? [];
  return (four ?? six ?? hop).replace(/^::ffff:(?=[\d.]+$)/i, "");
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
