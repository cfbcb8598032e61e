/** Write compose/native/checksums.txt again, after a change of pom.xml in its folder. */
import { command } from "../lib/command.ts";
import { writeChecksums } from "../lib/services/write-checksums.ts";

await command("checksums", { usage: "node scripts/checksums.ts", isRecorded: false }, () =>
  writeChecksums(console.log),
);
