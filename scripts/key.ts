/** Make a write key: print the key, and its line for the file of QUESTLOG_WRITE_KEYS. */
import { MAX_RATE_LIMIT, newWriteKey } from "../lib/write-keys.ts";
import { command, UsageError } from "../lib/command.ts";

const usage = `npm run key -- NAME [--limit N]
  Makes a write key for a sender, and its line for the file of write keys.
  --limit N    at most N requests a minute; default: no limit`;
const options = { limit: { type: "string" } } as const;

await command("key", { usage, options, positionals: true, onlyPrints: true }, ({ values, positionals }) => {
  const [name = "", ...others] = positionals;
  if (name === "" || others.length > 0)
    throw new UsageError(`expected one name, got "${positionals.join(" ")}"`);
  const limit = values.limit === undefined ? null : readLimit(values.limit);
  const { key, line } = newKey(name, limit);
  console.log(`key for the sender, shown only now:\n  ${key}`);
  console.log(
    `line for the file that QUESTLOG_WRITE_KEYS names; the API reads that file at its start:\n  ${line}`,
  );
});

function readLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : NaN;
  if (limit >= 1 && limit <= MAX_RATE_LIMIT) return limit;
  throw new UsageError(`--limit: expected a number from 1 to ${MAX_RATE_LIMIT}, got "${text}"`);
}

function newKey(name: string, limit: number | null) {
  try {
    return newWriteKey(name, limit);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
