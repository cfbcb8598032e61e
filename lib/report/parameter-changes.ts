/**
 * A run → the parameters of its notebooks, also as a text; two runs → the parameters that differ.
 *
 * A value is the code of its literal. A results.json of an older version has no parameters: then
 * no difference is known.
 */
import { shortened } from "../untrusted.ts";
import type { Notebook } from "./notebook.ts";

const MAX_CODE = 80; // characters of a parameter's value

/** Notebook → parameter → code of its value. */
export type RunParameters = Record<string, Record<string, string>>;

/** The part of results.json that this module reads. */
interface Recorded {
  parameters?: RunParameters;
}

export interface ParameterChange {
  notebook: string;
  name: string;
  before: string | null; // null: the run has no such parameter
  after: string | null;
}

/** The parameters of each notebook that has some. */
export function parametersOf({ steps }: { steps: { notebook: Notebook }[] }): RunParameters {
  const entries = steps.flatMap(({ notebook: { name, parameters = [] } }) =>
    parameters.length === 0
      ? []
      : [[name, Object.fromEntries(parameters.map((one) => [one.name, one.code]))] as const],
  );
  return Object.fromEntries(entries);
}

/** 'town = "York", top = 5'; with several notebooks that have parameters: 'shop: town = "York"' */
export function listParameters({ parameters = {} }: Recorded): string {
  const notebooks = Object.entries(parameters);
  const lists = notebooks.map(([notebook, values]) => {
    const list = Object.entries(values).map(([name, code]) => `${name} = ${shortCode(code)}`);
    return `${notebooks.length > 1 ? `${notebook}: ` : ""}${list.join(", ")}`;
  });
  return lists.join("; ");
}

/** The code of a value in one line. */
export function shortCode(code: string): string {
  return shortened(code.replace(/\s+/g, " "), MAX_CODE);
}

/** The parameters that differ between two runs of the same notebooks. */
export function parameterChanges(before: Recorded, after: Recorded): ParameterChange[] {
  if (before.parameters === undefined || after.parameters === undefined) return [];
  const old = valuesOf(before.parameters);
  const now = valuesOf(after.parameters);
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => {
      const [notebook, name] = JSON.parse(key) as [string, string];
      return { notebook, name, before: old.get(key) ?? null, after: now.get(key) ?? null };
    });
}

function valuesOf(parameters: RunParameters): Map<string, string> {
  return new Map(
    Object.entries(parameters).flatMap(([notebook, values]) =>
      Object.entries(values).map(([name, code]) => [JSON.stringify([notebook, name]), code] as const),
    ),
  );
}
