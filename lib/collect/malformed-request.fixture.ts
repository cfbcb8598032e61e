/**
 * A random number generator → a malformed request: bytes for a socket, one piece or several.
 *
 * Each kind is one way to be wrong. Some requests are accepted all the same: a query may hold any
 * escapes. The tests demand that none does harm.
 */
import { events } from "../events.ts";

export interface MalformedRequest {
  kind: string;
  pieces: Buffer[]; // sent with a pause between two
}

/** Numbers in [0, 1). */
type Random = () => number;

const ROUTES = [...events.map(({ route }) => route), "/ready", "/health", "/metrics", "/events", "/nothing"];
const CRLF = "\r\n";

/** Makes a malformed request of a random kind. */
export function malformedRequest(random: Random): MalformedRequest {
  const kind = pick(random, Object.keys(KINDS));
  const made = KINDS[kind]!(random);
  const pieces = (Array.isArray(made) ? made : [made]).map((text) => Buffer.from(text, "latin1"));
  return { kind, pieces };
}

/** Each kind makes text with one character for each byte. */
const KINDS: Record<string, (random: Random) => string | string[]> = {
  content_length: (random) =>
    post(random, "hello", {
      "Content-Length": pick(random, [
        "-1",
        "abc",
        "1e3",
        "0x5",
        "5 5",
        "5, 6",
        "",
        "+5",
        "9".repeat(40),
        "5\0",
      ]),
    }),
  content_length_twice: (random) =>
    head("POST", "/events", "Content-Length: 5\r\nContent-Length: " + pick(random, ["5", "6", "0"])) +
    "hello",
  transfer_encoding: (random) =>
    post(random, "5\r\nhello\r\n0\r\n\r\n", {
      "Transfer-Encoding": pick(random, [
        "chunked, chunked",
        "identity",
        "xchunked",
        "chunked\x0b",
        "gzip",
        ", chunked",
      ]),
    }),
  both_lengths: (random) =>
    post(random, pick(random, ["0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"]), {
      "Content-Length": pick(random, ["4", "30", "0"]),
      "Transfer-Encoding": "chunked",
    }),
  chunks: (random) =>
    post(
      random,
      pick(random, [
        "zz\r\nx",
        "-1\r\nx",
        "f".repeat(20) + "\r\nx",
        `5;${"e".repeat(20_000)}\r\nhello\r\n`,
        "5\r\nhel",
      ]),
      { "Transfer-Encoding": "chunked" },
    ),
  nul: (random) =>
    pick(random, [
      get(random, "/\0"),
      get(random, "/", "X-A: a\0b"),
      get(random, "/", "X\0A: a"),
      json(random, '{"event_type":"default\0"}'),
    ]),
  bad_utf8: (random) => {
    const bytes = pick(random, ["\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80"]);
    return pick(random, [
      get(random, `/?a=${bytes}`),
      get(random, `/?a=${escapeAll(bytes)}`),
      get(random, "/", `User-Agent: ${bytes}`),
      json(random, `{"event_type":"default","params":{"a":"${bytes}"}}`),
    ]);
  },
  surrogates: (random) => {
    const half = pick(random, ["\\ud800", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800"]);
    return json(
      random,
      `{"event_type":"join_a_guild","params":{"region":"${half}","${half}":"x"},"player":"${half}"}`,
    );
  },
  deep_json: (random) => {
    const depth = pick(random, [200, 5_000, 30_000]);
    const [open, close] = pick(random, [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const);
    return json(random, open.repeat(depth) + "1" + (random() < 0.5 ? close.repeat(depth) : ""));
  },
  duplicate_keys: (random) =>
    pick(random, [
      get(random, "/purchase_sword?metal=a&metal=b&power_level=1&power_level=x"),
      json(
        random,
        '{"event_type":"default","event_type":"join_a_guild","params":{},"params":[],"__proto__":{"a":1}}',
      ),
    ]),
  numbers: (random) => {
    const number = pick(random, [
      "1e999",
      "-0",
      "9".repeat(400),
      "-1e-999",
      "NaN",
      "Infinity",
      "0x10",
      "1.5",
      "01",
    ]);
    return pick(random, [
      get(random, `/purchase_sword?power_level=${number}`),
      json(random, `{"event_type":"purchase_sword","params":{"power_level":${number}}}`),
    ]);
  },
  wrong_json: (random) =>
    json(
      random,
      pick(random, [
        "",
        "null",
        "[]",
        "[null,1,[]]",
        '{"event_type":{}}',
        '{"event_type":"__proto__"}',
        "{}\n{",
        '"x"',
        "{",
      ]),
    ),
  headers: (random) =>
    get(
      random,
      "/",
      pick(random, [
        `X-Long: ${"x".repeat(20_000)}`,
        Array.from({ length: 3_000 }, (_, i) => `X-${i}: 1`).join(CRLF),
        "no colon",
        ": no name",
        "a space : x",
        "X-Folded: a\r\n b",
        "X-Line: a\nX-Feed: b",
        "Host: a\r\nHost: b",
        `Cookie: ${"a=b;".repeat(3_000)}`,
        "__proto__: a\r\nconstructor: b",
      ]),
    ),
  escapes: (random) =>
    get(
      random,
      pick(random, [
        "/%",
        "/%zz",
        "/?%=%",
        "/?a=%u0041",
        "/%00",
        "/?a=%0d%0aX: y",
        "/%2e%2e/%2e%2e",
        "/?" + "%".repeat(8_000),
      ]),
    ),
  urls: (random) =>
    get(
      random,
      pick(random, [
        "",
        "*",
        "nothing",
        "//",
        "/..",
        "http://[::1",
        "/?" + "&".repeat(8_000),
        "/" + "a".repeat(15_000),
        "?",
      ]),
    ),
  methods: (random) =>
    head(
      pick(random, [
        "GETT",
        "get",
        "",
        "TRACE",
        "CONNECT",
        "M".repeat(1_000),
        "G\tT",
        "PROPFIND",
        "\x16\x03\x01",
      ]),
      "/",
      "",
    ),
  versions: (random) =>
    `GET / ${pick(random, ["HTTP/9.9", "HTTP/0.9", "HTTP/1.1x", "HTTP/", "HTTP/2.0", "http/1.1", "", "RTSP/1.0"])}\r\nHost: a\r\n\r\n`,
  expectations: (random) =>
    get(
      random,
      "/",
      pick(random, ["Expect: nonsense", "Expect: 100-continue", "Connection: Upgrade\r\nUpgrade: websocket"]),
    ),
  pipelined: (random) => {
    const two =
      get(random, "/join_a_guild", "Connection: keep-alive") + json(random, '{"event_type":"default"}');
    return [two.slice(0, Math.floor(random() * two.length))];
  },
  halves: (random) => {
    const whole = json(random, '{"event_type":"join_a_guild","params":{"region":"ny"}}');
    const at = Math.floor(random() * whole.length);
    return [whole.slice(0, at), whole.slice(at, whole.length - Math.floor(random() * 3))];
  },
  flipped: (random) => {
    const bytes = [...get(random, "/purchase_sword?metal=gold&power_level=1&magical=true")];
    for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = byte(random);
    return bytes.join("");
  },
  noise: (random) => Array.from({ length: Math.ceil(random() * 2_000) }, () => byte(random)).join(""),
};

function get(random: Random, url: string, headers = "Accept: */*"): string {
  return head(pick(random, ["GET", "GET", "HEAD"]), url, headers);
}

/** A POST, mostly to /events. The headers may give a wrong length of its body. */
function post(random: Random, body: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    head(pick(random, ["POST", "GET"]), random() < 0.7 ? "/events" : pick(random, ROUTES), lines.join(CRLF)) +
    body
  );
}

function json(random: Random, body: string): string {
  const type = pick(random, [
    "application/json",
    "application/json",
    "application/x-ndjson",
    "text/plain",
    "a/b; charset=x",
  ]);
  return head("POST", "/events", `Content-Type: ${type}\r\nContent-Length: ${body.length}`) + body;
}

function head(method: string, url: string, headers: string): string {
  return `${method} ${url} HTTP/1.1\r\nHost: a\r\n${headers}\r\nConnection: close\r\n\r\n`;
}

function escapeAll(bytes: string): string {
  return bytes.replace(/[^]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function byte(random: Random): string {
  return String.fromCharCode(Math.floor(random() * 256));
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}
