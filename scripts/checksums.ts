/**
 * Write compose/native/checksums.txt anew, after a change of the pom beside it.
 *
 *   npx tsx scripts/checksums.ts
 */
import { echo } from "zx";
import { writeChecksums } from "../lib/services/artifacts.js";

echo(`${await writeChecksums((line) => echo(line))} files listed in compose/native/checksums.txt`);
