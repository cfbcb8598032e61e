/**
 * A name and the game's events → a notebook that runs: a question, its query, chart and claim.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Question, questionsOf } from "../ask/questions.ts";
import { uniqueView } from "../ask/views.ts";
import { UsageError } from "../command.ts";
import { events as gameEvents } from "../events.ts";
import { identifier } from "../sql.ts";
import { fromUser } from "../user-folder.ts";
import { tidyNotebook } from "./check.ts";
import { newCell, type Notebook } from "./notebook.ts";
import { formatNotebookFile, NOTEBOOK_ENDS } from "./notebook-file.ts";

const DEFAULT_END = ".ipynb";
const MARKS = /[\\`*_{}[\]<>#&]/g; // of Markdown

/**
 * Writes the notebook that `word` names, and resolves with its path: a name is one of `folder`, a
 * path starts from the user's folder.
 * @throws UsageError if the word is not a file's name
 * @throws Error if there is such a file
 */
export async function writeNew(word: string, folder: string): Promise<string> {
  const end = NOTEBOOK_ENDS.find((one) => word.endsWith(one)) ?? DEFAULT_END;
  const name = basename(word, end);
  if (!/[\p{L}\p{N}]/u.test(name) || NOTEBOOK_ENDS.includes(name) || /[/\\]$/.test(word))
    throw new UsageError(`expected a name or a path of a notebook, got "${word}"`);
  const named = /[/\\]/.test(word) ? fromUser(word) : join(folder, word);
  const path = join(dirname(named), name + end);
  const notebook = await tidyNotebook(newNotebook(name), path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, formatNotebookFile(notebook, path), { flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
      throw new Error(`expected a new name, got ${path}, which is there already`);
    },
  );
  return path;
}

/** A notebook that asks the first question about the game's events. */
export function newNotebook(name: string, events = gameEvents): Notebook {
  const [question] = questionsOf(
    events.map(({ type }) => type),
    events,
  );
  const texts = cellTexts(titleFrom(name), question, uniqueView(tableOf(question, events)));
  const cells = texts.map(([type, source], i) => newCell(type, source, `${type}-${i + 1}`));
  cells[2]!.metadata = { tags: ["parameters"] };
  return { name, cells };
}

function cellTexts(
  title: string,
  { type, by }: Question,
  view: string,
): [type: "code" | "markdown", text: string][] {
  return [
    ["markdown", `# ${title}\n\nThis notebook asks a question, and checks its answer. Change both.`],
    [
      "code",
      'import assert from "node:assert/strict";\nimport { bars, query, say, show, sql } from "questlog";',
    ],
    ["code", "const days: number = 7;"],
    [
      "markdown",
      `## How often was \`${type}\` sent, by \`${by}\`?\n\nThe view counts each event once. The days end with the newest event.`,
    ],
    [
      "code",
      `const rows = await query<{ value: unknown; events: number; ids: number }>(sql\`
  SELECT ${identifier(by)} AS value, count(*) AS events, count(DISTINCT event_id) AS ids
  FROM ${identifier(view)}
  WHERE event_time >= (
    SELECT max(received_at) - \${days} * INTERVAL '1' DAY FROM ${identifier(view)})
  GROUP BY 1\`);`,
    ],
    ["code", `show(bars(rows, { category: "value", value: "events", title: "${type} by ${by}" }));`],
    [
      "code",
      `const total = rows.reduce((sum, { events }) => sum + events, 0);
say\`Players sent **\${total}** events of this type.\`;`,
    ],
    ["markdown", "Has each event an id of its own? If not, the run fails here."],
    ["code", "const ids = rows.reduce((sum, row) => sum + row.ids, 0);\nassert.equal(total, ids);"],
  ];
}

function tableOf({ type }: Question, events: typeof gameEvents): string {
  return events.find((event) => event.type === type)!.table;
}

/** "7-weekly_shop" → "Weekly shop" */
function titleFrom(name: string): string {
  const words = name
    .replace(/^\d+[-_ ]+(?=.)/, "")
    .replaceAll(/[-_]+/g, " ")
    .trim();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replaceAll(MARKS, "\\$&");
}
