/** Write compose/native/checksums.txt anew from Maven's files, after a change of the pom beside it. */
import { command } from "../lib/command.ts";
import { writeChecksums } from "../lib/services/write-checksums.ts";

await command("checksums", { usage: "node scripts/checksums.ts", isRecorded: false }, () =>
  writeChecksums(console.log),
);
