/**
 * Create the tables of all event types, or find them as they should be; register new days; show what is there.
 *
 *   npm run tables
 */
import { textTable } from "../lib/ask/table.ts";
import { createTables, describeTables, registerDays } from "../lib/ask/tables.ts";
import { recordScript } from "../lib/history.ts";

recordScript("tables");
try {
  const made = (await createTables()).filter(({ state }) => state !== "found");
  for (const { table, state } of made) console.error(`${table} ${state}`);
  await registerDays();
  console.log(textTable(await describeTables()));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
