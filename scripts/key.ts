/**
 * Make a write key: the key on stdout, once, and the line for the file that QUESTLOG_WRITE_KEYS names.
 *
 *   npm run key -- NAME
 *   npm run key -- NAME --limit 600     requests a minute
 */
import { parseArgs } from "node:util";
import { newWriteKey } from "../lib/collect/keys.ts";
import { recordScript } from "../lib/history.ts";

const { name, limit } = readArguments();
recordScript("key");
try {
  const { key, line } = newWriteKey(name, limit);
  console.log(`key, for the sender; it is shown only now:\n  ${key}`);
  console.log(
    `line, for the file that QUESTLOG_WRITE_KEYS names; the API reads it when it starts:\n  ${line}`,
  );
} catch (error) {
  console.error(`key: ${(error as Error).message}`);
  process.exitCode = 2;
}

function readArguments(): { name: string; limit: number | null } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { limit: { type: "string" } },
    });
    const [text = "", ...others] = positionals;
    if (text !== "" && others.length === 0)
      return { name: text, limit: values.limit === undefined ? null : Number(values.limit) };
  } catch {
    // An unknown option: the same advice.
  }
  console.error("key: expected one name: npm run key -- NAME [--limit REQUESTS_A_MINUTE]");
  process.exit(2);
}
