/**
 * The accepted requests of a scenario → the numbers that a query of their events must show.
 *
 * Values are read as the API reads them: `True` is true, and 100.0 is 100. Sums are exact.
 */
import { parseValue, type Value } from "../catalog.ts";
import { events as gameEvents } from "../events.ts";
import { scaledText } from "../exact.ts";
import type { SentStep } from "./scenarios.ts";

/** A question about the events of one type: their numbers by a column. */
export interface Grouping {
  type: string;
  by: string; // a column of a parameter, or "player"
}

/** The number of accepted events for each value of a column. */
export function countSent(
  sent: readonly SentStep[],
  grouping: Grouping,
  events = gameEvents,
): Record<string, number> {
  const counts = totals(sent, grouping, events, () => 1n);
  return Object.fromEntries([...counts].map(([value, count]) => [value, Number(count)]));
}

/** The sum of an integer or decimal column, for each value of another column. */
export function sumSent(
  sent: readonly SentStep[],
  { type, by, sum }: Grouping & { sum: string },
  events = gameEvents,
): Record<string, number> {
  const sums = totals(sent, { type, by }, events, (step) => BigInt(valueOf(step, sum, events) ?? 0));
  const { scale } = parameterOf(type, sum, events);
  return Object.fromEntries([...sums].map(([value, total]) => [value, Number(scaledText(total, scale))]));
}

function totals(
  sent: readonly SentStep[],
  { type, by }: Grouping,
  events: typeof gameEvents,
  numberOf: (step: SentStep) => bigint,
): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const step of sent.filter(({ event_type }) => event_type === type)) {
    const value = String(valueOf(step, by, events));
    found.set(value, (found.get(value) ?? 0n) + numberOf(step) * BigInt(step.accepted));
  }
  return found;
}

/** The value that the events of a step have in a column. */
function valueOf({ event_type, host, params }: SentStep, column: string, events: typeof gameEvents): Value {
  if (column === "player") return params.player ?? host;
  const parameter = parameterOf(event_type, column, events);
  const text = params[parameter.name];
  return text === undefined ? null : parseValue(parameter, text)!;
}

function parameterOf(type: string, column: string, events: typeof gameEvents) {
  const { parameters } = events.find((event) => event.type === type)!;
  return parameters.find((parameter) => parameter.column === column)!;
}
