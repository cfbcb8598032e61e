/**
 * What the API did → Prometheus text: counts of accepted and refused events, what is spooled, how long
 * an acknowledgement took, and the process itself.
 *
 * Each series exists from the start, at 0, so that a rate has something to start from.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { events } from "../game.ts";
import type { AcceptedBy } from "./batcher.ts";
import type { SpoolState } from "./spool.ts";

/** Why an event, or a request that was to make one, was refused. */
export const refusalReasons = [
  "misfit",
  "not_found",
  "method",
  "too_large",
  "unavailable",
  "rate",
  "key",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface Metrics {
  contentType: string;
  accepted: (type: string, way: AcceptedBy, seconds: number) => void;
  refused: (reason: RefusalReason) => void;
  /** Everything, in Prometheus' text format. */
  text: () => Promise<string>;
}

const WAYS: AcceptedBy[] = ["kafka", "spool"];
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Makes the metrics of one API; `spools` says by topic what is on the disk when it is asked. */
export function createMetrics(spools: () => Record<string, SpoolState> = () => ({})): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const accepted = new Counter({
    name: "questlog_events_accepted_total",
    help: "Events that Kafka or the spool has, by type and by which of the two",
    labelNames: ["type", "way"],
    registers,
  });
  const refused = new Counter({
    name: "questlog_events_refused_total",
    help: "Events, and requests that were to make one, that were refused, by the class of reason",
    labelNames: ["reason"],
    registers,
  });
  const acknowledgement = new Histogram({
    name: "questlog_acknowledgement_seconds",
    help: "From a request to the acknowledgement of its event, by who acknowledged it",
    labelNames: ["way"],
    buckets: BUCKETS_S,
    registers,
  });
  new Gauge({
    name: "questlog_spool_messages",
    help: "Messages on the disk that Kafka does not have yet",
    labelNames: ["topic"],
    registers,
    collect() {
      for (const [topic, { messages }] of Object.entries(spools())) this.set({ topic }, messages);
    },
  });
  new Gauge({
    name: "questlog_spool_bytes",
    help: "Size of the spool on the disk",
    labelNames: ["topic"],
    registers,
    collect() {
      for (const [topic, { bytes }] of Object.entries(spools())) this.set({ topic }, bytes);
    },
  });
  // Looked up once: each event counts, and labels are slow to look up.
  const counts = new Map(
    events.flatMap(({ type }) => WAYS.map((way) => [`${type} ${way}`, accepted.labels({ type, way })])),
  );
  const times = { kafka: acknowledgement.labels("kafka"), spool: acknowledgement.labels("spool") };
  for (const count of counts.values()) count.inc(0);
  for (const way of WAYS) acknowledgement.zero({ way });
  for (const reason of refusalReasons) refused.inc({ reason }, 0);

  return {
    contentType: registry.contentType,
    accepted: (type, way, seconds) => {
      counts.get(`${type} ${way}`)?.inc();
      times[way].observe(seconds);
    },
    refused: (reason) => refused.inc({ reason }),
    text: () => registry.metrics(),
  };
}
