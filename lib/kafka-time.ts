/**
 * Kafka's time of a message → the time of its row.
 *
 * Kafka also takes -1, which means "no time". Such a message is refused: its row is in
 * failed_events, on the first day that there is.
 */
const DAY_MS = 86_400_000;

/** The last time of a message: a day's name has a year of 4 digits. */
export const MAX_TIMESTAMP = Date.UTC(9999, 11, 31) + DAY_MS - 1;

/** Whether a time of Kafka, in milliseconds, is one from 1970 to 9999. */
export function isTime(timestamp: number): boolean {
  return timestamp >= 0 && timestamp <= MAX_TIMESTAMP;
}

/** The time of a message's row, in milliseconds: Kafka's, or 1970-01-01 if that is no time. */
export function storedTime(timestamp: number): number {
  return isTime(timestamp) ? timestamp : 0;
}
