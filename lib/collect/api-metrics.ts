/**
 * Accepted and refused events, the spool, the time of acknowledgements → Prometheus text.
 *
 * The text also describes the process itself. Each series exists from the start, at 0, so that
 * Prometheus can compute a rate from the first event on.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { events } from "../events.ts";
import type { AcceptedBy } from "./batcher.ts";
import type { SpoolState } from "./spool.ts";

/** Reasons to refuse an event, or a request that should have made one. */
const refusalReasons = ["misfit", "not_found", "method", "too_large", "unavailable", "rate", "key"] as const;
export type RefusalReason = (typeof refusalReasons)[number];

const PLACES: AcceptedBy[] = ["kafka", "spool"];
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The metrics of one API. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #refused = new Counter({
    name: "questlog_events_refused_total",
    help: "Refused events, and refused requests that should have made an event, by reason",
    labelNames: ["reason"],
    registers: this.#registers,
  });
  // Each event looks up a child by its labels, and prom-client does that slowly: so here once.
  readonly #accepted: ReadonlyMap<string, Counter.Internal>;
  readonly #seconds: Record<AcceptedBy, Histogram.Internal<"way">>;

  /** @param spools returns the present state of the spool of each topic */
  constructor(spools: () => Record<string, SpoolState> = () => ({})) {
    collectDefaultMetrics({ register: this.#registry });
    const accepted = new Counter({
      name: "questlog_events_accepted_total",
      help: "Events that Kafka or the spool has accepted, by event type and by way (kafka, spool)",
      labelNames: ["type", "way"],
      registers: this.#registers,
    });
    this.#accepted = new Map(
      events.flatMap(({ type }) => PLACES.map((way) => [keyOf(type, way), accepted.labels({ type, way })])),
    );
    const seconds = new Histogram({
      name: "questlog_acknowledgement_seconds",
      help: "Seconds from a request to the acknowledgement of its event, by way (kafka, spool)",
      labelNames: ["way"],
      buckets: BUCKETS_S,
      registers: this.#registers,
    });
    this.#seconds = { kafka: seconds.labels("kafka"), spool: seconds.labels("spool") };
    this.#addGauge("questlog_spool_messages", "Messages in the spool, which Kafka does not have yet", () =>
      valuesOf(spools(), "messages"),
    );
    this.#addGauge("questlog_spool_bytes", "Size of the spool on the disk, in bytes", () =>
      valuesOf(spools(), "bytes"),
    );
    for (const counter of this.#accepted.values()) counter.inc(0);
    for (const way of PLACES) seconds.zero({ way });
    for (const reason of refusalReasons) this.#refused.inc({ reason }, 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts an accepted event. @param seconds from the request to its acknowledgement */
  accepted(type: string, acceptedBy: AcceptedBy, seconds: number): void {
    this.#accepted.get(keyOf(type, acceptedBy))?.inc();
    this.#seconds[acceptedBy].observe(seconds);
  }

  /** Counts a refused event or request. */
  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  /** All metrics, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addGauge(name: string, help: string, valuesByTopic: () => [topic: string, value: number][]): void {
    new Gauge({
      name,
      help,
      labelNames: ["topic"],
      registers: this.#registers,
      collect() {
        for (const [topic, value] of valuesByTopic()) this.set({ topic }, value);
      },
    });
  }
}

function keyOf(type: string, acceptedBy: AcceptedBy): string {
  return `${type} ${acceptedBy}`;
}

function valuesOf(
  spools: Record<string, SpoolState>,
  field: "messages" | "bytes",
): [topic: string, value: number][] {
  return Object.entries(spools).map(([topic, state]) => [topic, state[field]]);
}
