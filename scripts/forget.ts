/** Remove a player's events from tables, topics and the spool, and prove it. */
import { command, UsageError } from "../lib/command.ts";
import { printFinish, printForget } from "../lib/forget/print-forget.ts";
import { recordScript } from "../lib/history.ts";
import { settings } from "../lib/settings.ts";

const usage = `npm run forget -- [--player NAME [--yes]]
  Counts all that names a player: rows of tables, refused events, messages of
  the topics, lines of the API's spool. Lists reports, logs and your own tables.
  --yes    removes all that is counted, counts again, and records the removal,
           so that audits hold. Kafka can only delete the beginning of a
           partition, so messages of others in front go too; tables keep them
  Without a name: finishes a removal that was interrupted.
  Exit code 1: events of the player came meanwhile.`;
const options = { player: { type: "string" }, yes: { type: "boolean", default: false } } as const;
const hint = "npm run status shows what runs";

await command("forget", { usage, options, hint, isRecorded: false }, async ({ values: { player, yes } }) => {
  if (player === "") throw new UsageError("--player: expected a name, got an empty one");
  if (player === undefined && yes) throw new UsageError("--yes: expected --player NAME beside it");
  const words = player === undefined ? [] : ["--player", "***", ...(yes ? ["--yes"] : [])];
  recordScript("forget", settings.historyFile, words); // the history keeps no player's name
  return player === undefined ? printFinish() : printForget(player, yes);
});
