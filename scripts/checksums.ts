/**
 * Write compose/native/checksums.txt anew, after a change of the pom beside it: what Maven fetches now.
 *
 *   node scripts/checksums.ts
 */
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { REPOSITORY, resolveWithMaven } from "../lib/services/artifacts.ts";
import { sha256Of } from "../lib/services/checksums.ts";
import { findJava, prepareJava } from "../lib/services/java.ts";
import { settings } from "../lib/settings.ts";

const lines = [
  "# SHA-256 of each file of the native runtime: hash, class path that it belongs to, place in the Maven",
  "# repository; in class path order. Written by: node scripts/checksums.ts",
];
const java = (await findJava()) ?? (await prepareJava(console.log));
for (const set of ["kafka", "hadoop", "metastore", "trino"] as const) {
  console.log(`${set}: resolving with Maven`);
  for (const file of await resolveWithMaven(set, java)) {
    lines.push(`${await sha256Of(file)} ${set} ${relative(REPOSITORY, file)}`);
  }
}
writeFileSync(join(settings.root, "compose", "native", "checksums.txt"), lines.join("\n") + "\n");
