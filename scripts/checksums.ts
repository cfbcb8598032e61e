/** Write compose/native/checksums.txt again, after a change of pom.xml in its folder. */
import { command } from "../lib/command.ts";
import { writeChecksums } from "../lib/services/write-checksums.ts";

const usage = `node scripts/checksums.ts
  Writes compose/native/checksums.txt again, after a change of its pom.xml.`;

await command("checksums", { usage, isRecorded: false }, () => writeChecksums(console.log));
