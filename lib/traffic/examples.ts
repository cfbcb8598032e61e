/**
 * The game's events → requests that a notebook sends by hand, and the numbers of their types.
 *
 * A request has the values of the game's own traffic where it has all parameters of its event, and
 * otherwise generated values. So the examples of the original's game are those of the original.
 */
import { type EventDefinition, exampleParameters, parseValue, widestEvent } from "../catalog.ts";
import { events as gameEvents } from "../events.ts";
import { gameTraffic } from "../game-traffic.ts";
import type { SentEvent } from "./send.ts";
import { paramsOf, pathOf, trafficOf } from "./steps.ts";

const MAX_TYPES = 5; // that the examples show
const UNFIT = "abc"; // no number, time, boolean or UUID

/** A request of one event. */
export interface ExampleRequest {
  event_type: string;
  path: string; // with the query
  params: Record<string, string>;
}

/**
 * A request of each of the first 5 types, with the required parameters only. The last request is of
 * the event with the most parameters, and has all of them.
 */
export function exampleRequests(events = gameEvents): [...ExampleRequest[], ExampleRequest] {
  const least = events.slice(0, MAX_TYPES).map((event) => {
    const required = event.parameters.filter((parameter) => parameter.required);
    return requestOf(event, exampleParameters({ ...event, parameters: required }, 1));
  });
  return [...least, fullRequest(events)];
}

/** Paths that the API refuses: an unknown one, and one with a value that does not fit. */
export function refusedPaths(events = gameEvents): { unknown: string; unfit: string } {
  let unknown = "/no_such_event";
  while (events.some(({ route }) => route === unknown)) unknown += "_";
  const event = widestEvent(events);
  const { params } = fullRequest(events);
  const parameter = unfitParameter(event);
  const unfit = parameter === undefined ? { ...params, event_id: UNFIT } : { ...params, [parameter]: UNFIT };
  return { unknown, unfit: pathOf(event, unfit) };
}

/** Events for one POST: the second one has a value that does not fit. */
export function exampleEvents(events = gameEvents): SentEvent[] {
  const event = widestEvent(events);
  const params = exampleParameters(event, 2);
  const parameter = unfitParameter(event);
  const wrong = parameter === undefined ? { event_id: UNFIT } : { params: { ...params, [parameter]: UNFIT } };
  const last = events.at(-1)!;
  return [
    { event_type: event.type, params: exampleParameters(event, 1) },
    { event_type: event.type, params, ...wrong },
    { event_type: last.type, params: exampleParameters(last, 1) },
  ];
}

/**
 * The id in the header of an answer, which is a text of HTTP.
 * @throws Error if the answer names no event
 */
export function eventIdIn(answer: string): string {
  const id = /^event-id: *([0-9a-f-]{36})\s*$/im.exec(answer)?.[1];
  if (id === undefined) throw new Error(`answer: expected a header Event-Id, got ${answer.split("\n")[0]}`);
  return id.toLowerCase();
}

/** The number of times that each event type is in the list. */
export function countTypes(sent: readonly { event_type: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { event_type } of sent) counts[event_type] = (counts[event_type] ?? 0) + 1;
  return counts;
}

function fullRequest(events: readonly EventDefinition[]): ExampleRequest {
  const event = widestEvent(events);
  const own = trafficOf(events, gameTraffic).even.map(({ path }) => ({ path, params: paramsOf(path) }));
  const names = event.parameters.map(({ name }) => name);
  const full = own.find(
    ({ path, params }) =>
      path.split("?", 1)[0] === event.route && names.every((name) => Object.hasOwn(params, name)),
  );
  return requestOf(event, full?.params ?? exampleParameters(event, 2));
}

function requestOf(event: EventDefinition, params: Record<string, string>): ExampleRequest {
  return { event_type: event.type, path: pathOf(event, params), params };
}

/** The first parameter that refuses the text "abc". */
function unfitParameter({ parameters }: EventDefinition): string | undefined {
  return parameters.find((parameter) => parseValue(parameter, UNFIT) === undefined)?.name;
}
