/** Print the recorded commands, write them as a script or notebook, or run them again. */
import { describeHistory, lastCommands, readHistory } from "../lib/history.ts";
import { notebookOf, replay, scriptOf } from "../lib/history-script.ts";
import { tableLines } from "../lib/ask/text-table.ts";
import { command, UsageError } from "../lib/command.ts";
import { printLines, terminalWidth } from "../lib/print-lines.ts";
import { settings } from "../lib/settings.ts";
import { forTerminal } from "../lib/untrusted.ts";

const usage = `npm run history -- [N] [--script | --notebook] · replay [N]
  Prints the recorded commands, the newest last.
  N             only the last N commands, with those that they ran
  --script      prints a bash script that runs them again
  --notebook    prints a notebook that runs them again
  replay [N]    runs them again; exit code 1 if an exit code differs
  Commands of a script or notebook stand under it, and are run by it.`;
const options = {
  script: { type: "boolean", default: false },
  notebook: { type: "boolean", default: false },
} as const;
const frame = { usage, options, positionals: true, isRecorded: false, interruptible: true };

await command("history", frame, async ({ values, positionals, signal }) => {
  const words = positionals[0] === "replay" ? positionals.slice(1) : positionals;
  const [count, ...others] = words;
  if (others.length > 0 || (count !== undefined && !/^[1-9]\d{0,8}$/.test(count)))
    throw new UsageError(`expected a number of commands, got "${words.join(" ")}"`);
  const isReplay = words !== positionals;
  if (Number(values.script) + Number(values.notebook) + Number(isReplay) > 1)
    throw new UsageError("expected one of --script, --notebook and replay");
  const entries = count === undefined ? readHistory() : lastCommands(readHistory(), Number(count));
  if (entries.length === 0) {
    console.error("history: no command is recorded yet; npm run up and npm run report record theirs");
    return isReplay ? 1 : 0;
  }
  if (values.script) return printLines([scriptOf(entries).trimEnd()]);
  if (values.notebook) return console.log(JSON.stringify(notebookOf(entries), null, 1));
  if (!isReplay) return printLines(tableLines(describeHistory(entries), { width: terminalWidth() }));
  let differing = 0;
  for await (const { entry, exit_code, obstacle } of replay(entries, { root: settings.root, signal })) {
    if (obstacle === null && exit_code === entry.exit_code) continue;
    differing++;
    const reason = obstacle ?? `expected exit code ${entry.exit_code}, got ${exit_code ?? "a signal"}`;
    console.error(`history: ${forTerminal(entry.command)}: ${reason}`);
  }
  return differing === 0 ? 0 : 1;
});
