/** Print the recorded commands, numbered like a shell's history. */
import { textTable } from "../lib/ask/text-table.ts";
import { command, UsageError } from "../lib/command.ts";
import { describeHistory } from "../lib/history.ts";

const usage = `npm run history -- [N]
  Prints the recorded commands, the newest last.
  N    only the last N commands`;

await command(
  "history",
  { usage, positionals: true, isRecorded: false, onlyPrints: true },
  ({ positionals }) => {
    const [count, ...others] = positionals;
    if (others.length > 0 || (count !== undefined && !/^[1-9]\d{0,8}$/.test(count)))
      throw new UsageError(`expected a number of commands, got "${positionals.join(" ")}"`);
    const rows = describeHistory().slice(count === undefined ? 0 : -Number(count));
    if (rows.length > 0) console.log(textTable(rows));
    else console.error("history: no command is recorded yet; npm run up and npm run report record theirs");
  },
);
