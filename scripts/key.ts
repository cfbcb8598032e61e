/** Make a write key: the key, once, and its line for the file that QUESTLOG_WRITE_KEYS names. */
import { newWriteKey } from "../lib/collect/keys.ts";
import { command, UsageError } from "../lib/command.ts";

const usage = `npm run key -- NAME [--limit N]
  --limit N    requests a minute; without it, any number`;
const options = { limit: { type: "string" } } as const;

await command("key", { usage, options, positionals: true }, ({ values, positionals }) => {
  const [name = "", ...others] = positionals;
  if (name === "" || others.length > 0)
    throw new UsageError(`expected one name, got "${positionals.join(" ")}"`);
  const limit = values.limit === undefined ? null : Number(values.limit);
  const { key, line } = newKey(name, limit);
  console.log(`key, for the sender; it is shown only now:\n  ${key}`);
  console.log(
    `line, for the file that QUESTLOG_WRITE_KEYS names; the API reads it when it starts:\n  ${line}`,
  );
});

function newKey(name: string, limit: number | null) {
  try {
    return newWriteKey(name, limit);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
