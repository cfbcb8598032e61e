/**
 * The options of `npm run report`: one table → the arguments of the command, and its usage.
 *
 * A new option is one entry here. `makeReport` gets the values. A line of `helpLines` has at most
 * 54 characters.
 */
import type { OptionValues } from "../command.ts";

interface ReportOption {
  type: "string" | "boolean";
  multiple?: true; // the command takes the option several times
  form: string; // in the usage, e.g. "--with drill"
  helpLines: readonly string[];
}

export const reportOptions = {
  with: {
    type: "string",
    multiple: true,
    form: "--with drill|spark",
    helpLines: ["also 6-drill, which breaks each service in turn,", "or 7-spark, in which Spark takes over"],
  },
  set: {
    type: "string",
    multiple: true,
    form: "--set NAME=VALUE",
    helpLines: ["the value of a parameter (cell with the tag", "parameters), of its default's type"],
  },
  profile: {
    type: "string",
    form: "--profile FILE",
    helpLines: ["values of parameters, in YAML or JSON; --set is", "stronger"],
  },
  strict: {
    type: "boolean",
    form: "--strict",
    helpLines: ["a number typed into prose, or an output that the", "page does not show, is an error"],
  },
  watch: {
    type: "boolean",
    form: "--watch",
    helpLines: ["follow edits in the browser, until Ctrl-C"],
  },
  "cell-timeout": {
    type: "string",
    form: "--cell-timeout SECS",
    helpLines: ["the most that a cell may take; 1200 without it"],
  },
  "query-timeout": {
    type: "string",
    form: "--query-timeout SECS",
    helpLines: ["the most that a statement may take, if its cell", "sets no timeoutMs; 60 without it"],
  },
  title: { type: "string", form: "--title TEXT", helpLines: ["the report's title"] },
  for: {
    type: "string",
    form: "--for readers",
    helpLines: ["without code, times and claims; chapters with findings"],
  },
  pdf: {
    type: "boolean",
    form: "--pdf",
    helpLines: ["also report.pdf beside the page, by Chromium"],
  },
  out: {
    type: "string",
    form: "--out FOLDER",
    helpLines: ["instead of out/; {day} and {time} are those of the", "run, in UTC: --out archive/{day}"],
  },
  resume: {
    type: "boolean",
    form: "--resume",
    helpLines: [
      "the notebook that failed in the last run, from its",
      "first cell, and those that did not run",
    ],
  },
  "only-failed": { type: "boolean", form: "--only-failed", helpLines: ["only the notebook that failed"] },
  "no-cache": {
    type: "boolean",
    form: "--no-cache",
    helpLines: ["runs the notebooks also if nothing changed"],
  },
  native: { type: "boolean", form: "--native", helpLines: ["services that the run starts are processes"] },
  docker: { type: "boolean", form: "--docker", helpLines: ["services that the run starts are containers"] },
  junit: { type: "string", form: "--junit FILE", helpLines: ["cells and claims as JUnit XML"] },
  "fail-if": {
    type: "string",
    multiple: true,
    form: "--fail-if CONDITION",
    helpLines: ['fails the run by a number\'s name: "lost > 0"'],
  },
} as const satisfies Record<string, ReportOption>;

/** The values of the options of one call; an option without a value is undefined. */
export type ReportValues = OptionValues<typeof reportOptions>;

const FORM_CHARS = 22;

const lines = [
  [
    "NOTEBOOK",
    "a name in notebooks/, or the path of a file;",
    "without one: all of notebooks/ but 6-drill, 7-spark",
  ],
  ...Object.values<ReportOption>(reportOptions).map(({ form, helpLines }) => [form, ...helpLines]),
].flatMap(([form = "", ...help]) =>
  help.map((text, i) => `  ${(i === 0 ? form : "").padEnd(FORM_CHARS)}  ${text}`),
);

/** The text of `npm run report -- --help`. */
export const reportUsage = `npm run report -- [NOTEBOOK…] [OPTION…]
  Runs notebooks on real services, and writes out/report.html and results.json.
${lines.join("\n")}
  Exit code 0: every cell ran; 1: a cell failed, which out/failed/report.html
  shows; 130: interrupted.`;
