/**
 * Sightings of messages → those whose id is that of another event.
 *
 * Copies of an event have one content. Of two events under one id only one counts, and the other is
 * lost to every view: so it must be told.
 */
import type { Sighting, Sightings } from "./sightings.ts";

/** A message, and the message with other content that counts under its id. */
export interface Conflict {
  message: Sighting;
  first: Sighting;
}

/** Finds the messages that differ from the one that counts under their id. */
export function findConflicts({ topic, counted }: Pick<Sightings, "topic" | "counted">): Conflict[] {
  const countOf = new Map(counted.map((one) => [one.event_id, one]));
  return [...Map.groupBy(topic, ({ event_id }) => event_id)].flatMap(([event_id, messages]) => {
    if (event_id === null) return [];
    const count = countOf.get(event_id) ?? messages[0]!;
    const first = messages.find((one) => isSamePosition(one, count)) ?? count;
    return messages.filter((message) => !isCopy(message, first)).map((message) => ({ message, first }));
  });
}

/** The reason for which a message does not count, although its event is another one. */
export function conflictWith({ partition, offset }: { partition: number; offset: number }): string {
  return `its id is that of another event (partition ${partition}, offset ${offset}), with other content`;
}

function isCopy(a: Sighting, b: Sighting): boolean {
  return a.event_type === b.event_type && a.content === b.content;
}

function isSamePosition(a: Sighting, b: Sighting): boolean {
  return a.partition === b.partition && a.offset === b.offset;
}
