/**
 * A Vega-Lite spec of an author → the same spec with the house legend above its colours.
 *
 * Vega-Lite puts a legend beside the chart, where its names take the room of a pie. A legend of the
 * author stays. Null and an empty text have the names that other charts give them.
 */
import { toLabel } from "./chart-columns.ts";
import { houseLegend, legendParams } from "./legend.ts";

type Part = Record<string, unknown>;

const COMPOSED = ["facet", "repeat", "concat", "hconcat", "vconcat", "spec", "params", "transform"];

/** The spec with a legend for each of its colours that stands for names. */
export function withOwnLegend(spec: object): object {
  const { data, encoding, layer } = spec as Part;
  const { values } = isPart(data) ? data : {};
  if (!Array.isArray(values) || COMPOSED.some((name) => name in spec)) return spec;
  const layers: unknown[] = Array.isArray(layer) ? layer : [];
  const parts = [encoding, ...layers.map((one) => (isPart(one) ? one.encoding : null))];
  const fields = new Set(parts.flatMap((part) => fieldOf(part) ?? []));
  const [field] = fields;
  const hasOwnData = layers.some((one) => isPart(one) && "data" in one);
  if (field === undefined || fields.size > 1 || hasOwnData) return spec;
  const names = [...new Set(values.flatMap((row) => (isPart(row) ? [row[field] ?? null] : [])))];
  const labels = names.map(toLabel);
  const change = (part: unknown): unknown =>
    fieldOf(part) === null
      ? part
      : { ...(part as Part), color: { ...((part as Part).color as Part), legend: houseLegend(labels) } };
  return {
    ...spec,
    params: legendParams(names, labels),
    ...(encoding === undefined ? {} : { encoding: change(encoding) }),
    ...(layers.length === 0
      ? {}
      : { layer: layers.map((one) => (isPart(one) ? { ...one, encoding: change(one.encoding) } : one)) }),
  };
}

/** The column of the names that colours stand for; null: no such column, or a legend of its own. */
function fieldOf(encoding: unknown): string | null {
  const colour = isPart(encoding) ? encoding.color : null;
  if (!isPart(colour) || "legend" in colour || "timeUnit" in colour || "bin" in colour) return null;
  const { field, type } = colour;
  return typeof field === "string" && type === "nominal" ? field : null;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
