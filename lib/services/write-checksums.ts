/** The pom's artifacts, as Maven fetches them → compose/native/checksums.txt. */
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { settings } from "../settings.ts";
import { REPOSITORY, resolveWithMaven } from "./artifacts.ts";
import { sha256Of } from "./checksums.ts";
import { findJava, prepareJava } from "./java.ts";
import type { Log } from "./log.ts";

/** Resolves all class paths with Maven, and writes the hash of each file. */
export async function writeChecksums(log: Log): Promise<void> {
  const lines = [
    "# SHA-256 of each file of the native runtime: hash, class path that it belongs to, place in the Maven",
    "# repository; in class path order. Written by: node scripts/checksums.ts",
  ];
  const java = (await findJava()) ?? (await prepareJava(log));
  for (const set of ["kafka", "hadoop", "metastore", "trino"] as const) {
    log(`${set}: resolving with Maven`);
    for (const file of await resolveWithMaven(set, java))
      lines.push(`${await sha256Of(file)} ${set} ${relative(REPOSITORY, file)}`);
  }
  writeFileSync(join(settings.root, "compose", "native", "checksums.txt"), lines.join("\n") + "\n");
}
