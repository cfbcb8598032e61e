// Messages that engines could read in different ways: generated ones, and a list of known traps.
import fc from "fast-check";
import type { EventDefinition } from "../catalog.ts";
import { MAX_RAW_BYTES } from "../refused.ts";

const ENVELOPE = {
  event_id: "0192f0c1-2b3c-7def-8123-456789abcdef",
  event_type: "open_chest",
  received_at: "2026-01-31T12:00:00.000Z",
  player: "ana",
  params: {},
  headers: { Accept: "*/*", Host: "h", "User-Agent": "u" },
  remote_addr: "127.0.0.1",
};

/** Texts that are numbers, times or truths for some readers, and not for others. */
const TEXTS = [
  ..."0 -0 00 1 +1 1. .5 1e2 1E+2 1e-2 100.0 1_000 0x10 1,5 NaN nan Infinity inf ١٢ ２ 1e999999 1e-999999 1e9999999".split(" "),
  ..."2147483647 2147483648 -2147483648 -2147483649 9223372036854775807 9223372036854775808 -9223372036854775808".split(" "),
  ..."9007199254740993 0.1 1e308 1e309 -1e308 5e-324 1e-400 123456789.123456789 9999999999.99 1000000 1000000.01 -0.01 0.001".split(" "),
  ..."2026-01-31 2026-02-29 2024-02-29 2026-02-30 0000-01-01 0001-01-01 9999-12-31 10000-01-01 2026-1-31 ２026-01-31".split(" "),
  ..."2026-01-31T12:00:00Z 2026-01-31T12:00Z 2026-01-31t12:00:00.123456789z 2026-01-31T24:00:00Z 2026-01-31T23:59:60Z".split(" "),
  ..."2026-01-31T12:00:00+01:00 2026-01-31T12:00:00-0130 2026-01-31T12:00:00 0001-01-01T00:00:00+01:00 9999-12-31T23:59:59-01:00".split(" "),
  ..."true True TRUE falſe truE false FALSE 0 yes [] {} [1,2] {\"a\":1} [NaN] [1,] {\"a\":1,\"a\":2} null \"x\"".split(" "),
  ..."common rare unique Common 99 100 99.0".split(" "),
  "", " ", " 1", "1 ", "1\n", "true\n", "2026-01-31\n", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00,5Z", " [1]", "\n{}", "\u00a0[]",
  "1".repeat(100), "1".repeat(101), `0.${"0".repeat(99)}1`, "9".repeat(28), `${"9".repeat(28)}.${"9".repeat(10)}`, "9".repeat(29),
  "x".repeat(40), "x".repeat(41), "😀".repeat(40), "😀".repeat(41), "e\u0301", "\u0000", "\u2028", "\ufeff", "\uffff",
  "\ud83d", "\ude00\ud83d", "😀".repeat(60), `${"x".repeat(99)}😀${"y".repeat(99)}`, "é".repeat(101),
  `${"[".repeat(100)}${"]".repeat(100)}`, `${"[".repeat(101)}${"]".repeat(101)}`, `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  "[".repeat(5_000), JSON.stringify(["[".repeat(300)]), JSON.stringify({ ["k".repeat(20_000)]: 1 }), JSON.stringify({ ["k".repeat(20_001)]: 1 }),
  JSON.stringify({ ["😀".repeat(10_000)]: 1 }), JSON.stringify({ ["😀".repeat(10_001)]: 1 }), JSON.stringify(["v".repeat(30_000)]),
]; // prettier-ignore

/** JSON texts of values that a writer in another language could send. */
const JSON_VALUES = [
  ..."0 -0 1.0 1e2 1E400 -1e400 1e21 1e-7 123456789012345678901234567890 0.1 5e-324 1.7976931348623157e308 100000000000000000000 1e20 0.000001".split(" "),
  ..."true false null [] {} [1,[2,{\"a\":null}]] {\"2\":1,\"1\":2,\"b\":3,\"a\":4,\"01\":5,\"4294967295\":6,\"4294967294\":7} {\"a\":1,\"b\":2,\"a\":3} {\"__proto__\":1}".split(" "),
  ..."NaN Infinity -Infinity undefined 01 .5 1. +1 'a' \"\\x41\" \"\\ud800\" \"\\udc00\\ud800\" \"\\ud83d\\ude00\" \"\\u0000\" \"\\/\" \"\\u00E9\"".split(" "),
  '"a\tb"', '"\u007f"', `"${"x".repeat(101)}"`, `"${"x".repeat(99)}😀"`, `"${"😀".repeat(60)}"`, `["${"x".repeat(97)}😀"]`, `["${"\\ud800".repeat(50)}"]`,
  `${"[".repeat(98)}${"]".repeat(98)}`, `${"[".repeat(99)}${"]".repeat(99)}`, `${"[".repeat(100)}${"]".repeat(100)}`, `${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`,
  '"00000000-0000-0000-0000-000000000000"', '"FFFFFFFF-ffff-ffff-ffff-ffffffffffff"', '"ﬀﬀﬀﬀﬀﬀﬀﬀ-ffff-ffff-ffff-ffffffffffff"', '"not a uuid"', '""',
]; // prettier-ignore

const FIELDS = [
  ...["event_id", "event_type", "received_at", "occurred_at", "player", "session", "definition", "params"],
  ...["headers", "remote_addr", "__proto__", "7", "other"],
];

/** One envelope as text, with fields replaced by texts of JSON, which may be no JSON. */
function envelopeText(fields: Record<string, string>, entries: [string, string][] = []): string {
  const known = Object.entries(ENVELOPE)
    .filter(([name]) => !(name in fields))
    .map(([name, value]) => [name, JSON.stringify(value)]);
  const all = [...known, ...Object.entries(fields), ...entries];
  return `{${all.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

/** Well-known traps: each message alone. */
export const SPECIAL: Buffer[] = [
  Buffer.from(envelopeText({})),
  ...FIELDS.flatMap((field) => JSON_VALUES.map((value) => Buffer.from(envelopeText({ [field]: value })))),
  ...["Accept", "Host", "User-Agent"].flatMap((name) =>
    JSON_VALUES.map((value) => Buffer.from(envelopeText({ headers: `{"${name}":${value}}` }))),
  ),
  ...["gold", "chestId", "weight", "openedAt", "season", "contents"].flatMap((name) =>
    TEXTS.map((text) => Buffer.from(envelopeText({ params: JSON.stringify({ [name]: text }) }))),
  ),
  ...["price", "item name", "rarity", "count"].flatMap((name) =>
    TEXTS.map((text) =>
      Buffer.from(
        envelopeText({ event_type: '"trade"', params: JSON.stringify({ "item name": "x", [name]: text }) }),
      ),
    ),
  ),
  ...["metal", "power_level", "magical"].flatMap((name) =>
    TEXTS.map((text) =>
      Buffer.from(envelopeText({ event_type: '"purchase_sword"', params: JSON.stringify({ [name]: text }) })),
    ),
  ),
  ...JSON_VALUES.map((value) => Buffer.from(value)),
  ...JSON_VALUES.map((value) => Buffer.from(envelopeText({ params: `{"gold":${value},"weight":${value}}` }))),
  ...JSON_VALUES.map((value) => Buffer.from(`{"reason":${value},"raw":"x"}`)),
  ...["", " ", "{", "{}", "[]", "{}x", "{} ", "\u00a0{}", "\ufeff{}", "{}\u0000", "\v{}", "// {}"].map(
    (one) => Buffer.from(one),
  ),
  ...[
    "ff",
    "c0af",
    "eda080",
    "f4908080",
    "e28228",
    "f09f98",
    "61ff62",
    "efbbbf7b7d",
    "e2e2e2",
    "f0808080c3",
  ].map((hex) => Buffer.from(hex, "hex")),
  Buffer.from(`"${"y".repeat(MAX_RAW_BYTES)}"`),
];

/** Generated messages: envelopes with hostile parameters, changed envelopes, or any bytes. */
export function hostileMessages(catalogue: readonly EventDefinition[]): fc.Arbitrary<Buffer> {
  const texts = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: "binary", maxLength: 60 }), numbers());
  const json = fc.oneof(
    fc.constantFrom(...JSON_VALUES),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    texts.map((text) => JSON.stringify(text)),
  );
  const envelopes = fc.constantFrom(...catalogue).chain((event) => {
    const names = fc.constantFrom(...event.parameters.flatMap(({ name, was }) => [name, ...was]), "other");
    const params = fc.array(
      fc.tuple(
        names,
        fc.oneof(
          { weight: 4, arbitrary: texts.map((t) => JSON.stringify(t)) },
          { weight: 1, arbitrary: json },
        ),
      ),
      { maxLength: 8 },
    );
    const changes = fc.array(fc.tuple(fc.constantFrom(...FIELDS), json), { maxLength: 2 });
    const definition = fc.constantFrom(undefined, event.version, "00000000");
    return fc.tuple(params, changes, definition, fc.boolean()).map(([sent, changed, version, isKnown]) =>
      envelopeText(
        {
          event_type: JSON.stringify(isKnown ? event.type : `${event.type}?`),
          params: `{${sent.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`,
          ...(version !== undefined && { definition: JSON.stringify(version) }),
        },
        changed,
      ),
    );
  });
  return fc.oneof(
    { weight: 8, arbitrary: envelopes.map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: json.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.tuple(json, json).map(([a, b]) => Buffer.from(`{"reason":${a},"raw":${b}}`)) },
  );
}

/** Texts of numbers in all forms. */
function numbers(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.double().map(String),
    fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
    fc
      .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: -40, max: 40 }))
      .map(([n, e]) => `${n}e${e}`),
    fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
  );
}
