/** The result of an audit → lines for a terminal, and sentences for a report. */
import type { Proof, Proven } from "./audit.ts";
import type { Again } from "./audit-again.ts";
import { lostText } from "./audit.ts";

/** The lines of `npm run audit`. */
export function proofLines({
  now,
  before,
  again,
  lost,
  days,
  problems,
}: Proof & { again: Omit<Again, "problems"> | null }): string[] {
  const lines = [`proven now: ${provenText(now)}`, `proven before: ${provenText(before)}`];
  if (again !== null) {
    const { removed, without_topic: gone } = again;
    const notes = [
      removed > 0 ? `, ${removed.toLocaleString("en-US")} more were removed (npm run forget)` : "",
      gone > 0 ? `, ${gone} without the topic's messages` : "",
    ];
    lines.push(`audited again: ${provenText(again)}${notes.join("")}`);
  }
  for (const { partition, ...one } of lost) lines.push(`never proven: ${lostText(partition, one)}`);
  lines.push(`sums compared with the tables: ${days === "all" ? "all days" : days.join(", ") || "no day"}`);
  const { length } = problems;
  if (length > 0) lines.push(`not proven: ${length} problem${length === 1 ? "" : "s"}`);
  return lines;
}

/** "1,503,719 messages, in 84 audits" */
export function provenText({ messages, audits }: Proven): string {
  const number = messages.toLocaleString("en-US");
  return `${number} message${messages === 1 ? "" : "s"}, in ${audits} audit${audits === 1 ? "" : "s"}`;
}
