/** Run all tests; the last line is "N passed, N failed, N skipped". */
import { command } from "../lib/command.ts";
import { runTests } from "../lib/testbed/run-tests.ts";

const usage = `npm test -- [WORD…]
  Runs all tests; the last line is "N passed, N failed, N skipped".
  WORD    only the files whose path has one of the words; without coverage
  npm run test:unit runs the tests without services;
  npm run test:attacks runs the attacks in full size.`;

await command("test", { usage, positionals: true, isRecorded: false }, ({ positionals }) =>
  runTests(positionals),
);
