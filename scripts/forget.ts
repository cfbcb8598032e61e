/** Remove a player's events, or old ones, from tables, topics and the spool, and prove it. */
import { command, UsageError } from "../lib/command.ts";
import { printFinish, printForget, printForgetOlder } from "../lib/forget/print-forget.ts";
import { recordScript } from "../lib/history.ts";
import { settings } from "../lib/settings.ts";

const usage = `npm run forget -- [--player NAME | --older-than DAYS] [--yes]
  Counts all that names a player, or all events of days that are over for more
  than DAYS days (UTC): rows of tables, refused events, messages of the topics,
  lines of the API's spool. Lists reports, logs and your own tables.
  --yes    removes all that is counted, counts again, and records the removal,
           so that audits hold. Kafka can only delete the beginning of a
           partition, so messages of others in front go too; tables keep them
  --older-than DAYS  30: today and the 30 days before it stay
  Without both: finishes a removal that was interrupted.
  Exit code 1: events of the player, or old ones, came meanwhile.`;
const options = {
  player: { type: "string" },
  "older-than": { type: "string" },
  yes: { type: "boolean", default: false },
} as const;
const hint = "npm run status shows what runs";
const MAX_DAYS = 36_500;

const interrupted = "npm run forget finishes a removal that has begun, or says that none has";
const frame = { usage, options, hint, interrupted, isRecorded: false, isLong: true };

await command("forget", frame, async ({ values }) => {
  const { player, "older-than": older, yes } = values;
  if (player !== undefined && older !== undefined)
    throw new UsageError("--older-than: expected no --player beside it, got both");
  if (player === "") throw new UsageError("--player: expected a name, got an empty one");
  const days = older === undefined ? undefined : daysOf(older);
  if (player === undefined && days === undefined && yes)
    throw new UsageError("--yes: expected --player NAME or --older-than DAYS beside it");
  const chosen = player !== undefined ? ["--player", "***"] : days ? ["--older-than", String(days)] : [];
  recordScript("forget", settings.historyFile, [...chosen, ...(yes ? ["--yes"] : [])]); // no player's name
  if (player !== undefined) return printForget(player, yes);
  return days === undefined ? printFinish() : printForgetOlder(days, yes);
});

function daysOf(text: string): number {
  const days = Number(text);
  if (/^[1-9]\d*$/.test(text) && days <= MAX_DAYS) return days;
  throw new UsageError(`--older-than: expected whole days from 1 to ${MAX_DAYS}, got "${text}"`);
}
