/**
 * The game's events and the game's own traffic → the steps that the scenarios play.
 *
 * The scenarios play the game's own steps unchanged if all of them fit its events, and otherwise
 * play none of them. An event type without a step gets generated steps, so every type has traffic.
 */
import { type EventDefinition, exampleParameters, parseValue } from "../catalog.ts";

/** One line of a traffic script: a request that a scenario sends ten times. */
export interface Step {
  host: string;
  path: string; // with the query
}

/** The steps of `basic`, and of the odd and even rounds of `limit` and `infinite`. */
export interface Traffic {
  basic: readonly Step[];
  odd: readonly Step[];
  even: readonly Step[];
}

const NO_TRAFFIC: Traffic = { basic: [], odd: [], even: [] };
const HOSTS = ["user1.example.com", "user2.example.com"];

/** The traffic of a game with these events. */
export function trafficOf(events: readonly EventDefinition[], own: Traffic): Traffic {
  const ownSteps = [...own.basic, ...own.odd, ...own.even];
  if (!ownSteps.every(({ path }) => fits(path, events))) return trafficOf(events, NO_TRAFFIC);
  const played = new Set(ownSteps.map(({ path }) => eventOf(path, events)));
  const others = events.filter((event) => !played.has(event));
  return {
    basic: [...own.basic, ...others.flatMap((event) => [generated(event, 1), generated(event, 2)])],
    odd: [...own.odd, ...others.map((event) => generated(event, 1))],
    even: [...own.even, ...others.map((event) => generated(event, 2))],
  };
}

/** The event with the route of `path`; undefined: no event has this route. */
export function eventOf(path: string, events: readonly EventDefinition[]): EventDefinition | undefined {
  const route = path.split("?", 1)[0];
  return events.find((event) => event.route === route);
}

/** The parameters in a path's query. */
export function paramsOf(path: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(path.split("?")[1] ?? ""));
}

/** The path of a request of the event with these parameters. */
export function pathOf({ route }: EventDefinition, params: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(params).toString();
  return query === "" ? route : `${route}?${query}`;
}

function fits(path: string, events: readonly EventDefinition[]): boolean {
  const event = eventOf(path, events);
  if (event === undefined) return false;
  const params = paramsOf(path);
  return event.parameters.every((parameter) => {
    const text = params[parameter.name];
    return text === undefined ? !parameter.required : parseValue(parameter, text) !== undefined;
  });
}

function generated(event: EventDefinition, n: number): Step {
  return { host: HOSTS[n % HOSTS.length]!, path: pathOf(event, exampleParameters(event, n)) };
}
