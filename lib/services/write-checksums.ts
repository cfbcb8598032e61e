/** The artifacts of compose/native/pom.xml → compose/native/checksums.txt. */
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { settings } from "../settings.ts";
import { REPOSITORY, resolveWithMaven } from "./artifacts.ts";
import { sha256Of } from "./checksums.ts";
import { findJava } from "./java.ts";
import { findMaven } from "./maven.ts";
import type { Log } from "./log.ts";

/** Resolves all class paths with Maven, and writes each file's hash. */
export async function writeChecksums(log: Log): Promise<void> {
  const lines = [
    "# SHA-256 of each file of the native runtime: hash, class path, path in the Maven repository.",
    "# The order is that of the class paths. Written by: node scripts/checksums.ts",
  ];
  const maven = await findMaven(await findJava());
  for (const set of ["kafka", "hadoop", "metastore", "trino", "spark"] as const) {
    log(`${set}: resolving with Maven`);
    for (const file of await resolveWithMaven(set, maven))
      lines.push(`${await sha256Of(file)} ${set} ${relative(REPOSITORY, file)}`);
  }
  writeFileSync(join(settings.root, "compose", "native", "checksums.txt"), lines.join("\n") + "\n");
}
