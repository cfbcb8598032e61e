/**
 * Texts that mean something to a program on their way, sent by players in inject.live.test.ts.
 */

/**
 * Values of events: for HTTP, JSON, terminals, spreadsheets, shells, file systems and JavaScript's
 * objects.
 */
export const HOSTILE_TEXTS: readonly string[] = [
  "\r\nSet-Cookie: a=b",
  "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  "%0d%0aX-Twice: encoded",
  "\x1b[2J\x1b[31mred\x1b]0;title\x07",
  "\x9b31mC1\x90\x9c\x7f",
  "a\rb\nc\td\0e\b\b",
  "\u202egpj.exe\u2066\u2069\u200f",
  "=cmd|' /C calc'!A0",
  "+1+1",
  "@SUM(1,1)",
  "-2+3",
  "\t=1",
  "'",
  '"',
  "''; DROP TABLE sword_purchases; --",
  '"}],"event_type":"join_a_guild","x":[{"',
  "\\",
  "\\u0022",
  "../../../../etc/passwd",
  "day=2000-01-01/../..",
  "$(touch /tmp/x) `id` ; id | id",
  "${jndi:ldap://127.0.0.1/a}",
  "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
  "__proto__",
  "constructor",
  "<script>alert(1)</script>",
  "NULL",
  "null",
  "undefined",
  "NaN",
  "true",
  "\u{1f5e1}\u{fe0f}e\u0301\u200d",
  " ",
];

/** Names of parameters that have a meaning in JavaScript, in the envelope or in the tables. */
export const HOSTILE_NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "__defineGetter__",
  "hasOwnProperty",
  "toString",
  "toJSON",
  "__proto__[polluted]",
  "constructor.prototype.polluted",
  "event_type",
  "received_at",
  "params",
  "headers",
  "kafka_offset",
  "day",
  'metal"; DROP TABLE sword_purchases; --',
  "",
];

const QUOTES = ["'", "''", '"', "\\'", "')", "'))", "`", "\u2019", "$$", "'\0"];
const STATEMENTS = [
  " OR 1=1 --",
  "; DROP TABLE sword_purchases; --",
  "; DELETE FROM sword_purchases --",
  " UNION SELECT table_name FROM information_schema.tables --",
  " UNION ALL SELECT NULL, NULL --",
  " || (SELECT node_id FROM system.runtime.nodes LIMIT 1) || '",
  "; CALL system.sync_partition_metadata('default', 'events', 'FULL') --",
  " USING 1, 2",
  "; EXECUTE IMMEDIATE 'DROP VIEW events'",
  "/* ",
  " */ --",
  "\n-- \n",
  " ? ",
  "\\",
  "; SET SESSION query_max_run_time = '1ms'",
  " AND sleep(10)",
  "%' ESCAPE '%",
  ", U&'\\0027'",
  " FETCH FIRST ROW ONLY; SELECT 1",
  "\u0000; SELECT '",
];

/** 200 texts that try to end their quotes and become a statement. */
export const SQL_TEXTS: readonly string[] = QUOTES.flatMap((quote) =>
  STATEMENTS.map((statement) => quote + statement),
);
