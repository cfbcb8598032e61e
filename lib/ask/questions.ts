/**
 * The game's events → the questions that the report asks about each type: a column to group by, and
 * a column to add up.
 */
import type { ColumnType, EventDefinition } from "../catalog.ts";
import { events as gameEvents } from "../events.ts";
import { GROUP_TYPES, isAdded } from "./counted.ts";

const MAX_QUESTIONS = 6;

/** A question about the events of one type. */
export interface Question {
  type: string;
  by: string; // column
  sum: string | null; // column; null: the events have no number to add up
  title: string; // of the count's chart
}

/**
 * The questions about the types, the type with the most parameters first. A type without a
 * parameter to group by has none; if that is so for all types, events are counted by player.
 */
export function questionsOf(types: readonly string[], events = gameEvents): [Question, ...Question[]] {
  const asked = events
    .filter(({ type }) => types.includes(type))
    .toSorted((a, b) => b.parameters.length - a.parameters.length);
  const [first, ...more] = asked.flatMap(questionOf).slice(0, MAX_QUESTIONS);
  if (first !== undefined) return [first, ...more];
  const { type } = asked[0] ?? gameEvents[0]!;
  return [{ type, by: "player", sum: null, title: `${type} by player` }];
}

function questionOf({ type, parameters }: EventDefinition): Question[] {
  const columnWith = (wanted: readonly ColumnType[]) =>
    parameters.find((parameter) => wanted.includes(parameter.type))?.column;
  const by = columnWith(["text"]) ?? columnWith(GROUP_TYPES);
  if (by === undefined) return [];
  const sum = parameters.find((one) => isAdded(one.type) && one.column !== by)?.column ?? null;
  return [{ type, by, sum, title: `${type} by ${by}` }];
}
