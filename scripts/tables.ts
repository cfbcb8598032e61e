/** Create missing tables, check the others, register new days, and list all tables. */
import { textTable } from "../lib/ask/table.ts";
import { createTables, describeTables, registerDays } from "../lib/ask/tables.ts";
import { command } from "../lib/command.ts";

const usage = `npm run tables
  Creates missing tables, checks the others, and lists all of them.`;

await command("tables", { usage }, async () => {
  const made = (await createTables()).filter(({ state }) => state !== "found");
  for (const { table, state } of made) console.error(`${table} ${state}`);
  await registerDays();
  console.log(textTable(await describeTables()));
});
