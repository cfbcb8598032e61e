/**
 * A run that is refused before its first cell → its JUnit file and GitHub's annotation.
 *
 * Without this module the file of an earlier run would stay, and tell of success.
 */
import { fromUser } from "../user-folder.ts";
import { writeWhole } from "../whole-file.ts";
import { annotationsOf, junitOf } from "./junit.ts";
import type { Run } from "./run.ts";

/** Writes the reason into the file of `--junit`, and tells it to GitHub. */
export async function tellRefusal({ message }: Error, junit: string | undefined): Promise<void> {
  const run: Run = { status: "failed", startedAt: new Date(), seconds: 0, steps: [], faults: [message] };
  if (process.env.GITHUB_ACTIONS === "true") for (const line of annotationsOf(run, [])) console.log(line);
  if (junit === undefined) return;
  await writeWhole(fromUser(junit), junitOf(run)).catch(({ message: problem }: Error) => {
    console.error(`--junit ${junit}: ${problem}`);
  });
}
