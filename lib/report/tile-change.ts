/**
 * The tiles of a run, and the results of the previous run → the change below each tile.
 *
 * In results.json a second result of one name is "sold (2)", also if the first one is a number of a
 * sentence. So a tile has the earlier value of its notebook, its own name, and its place among the
 * tiles of that name.
 */
import { formatPercent, forPeople, type NumberFormat } from "../ask/format.ts";
import { type ShownTile, TILES_TYPE } from "../ask/headline.ts";
import type { Output } from "./notebook.ts";
import { isError, isStream } from "./outputs.ts";
import { parameterChanges, parametersOf } from "./parameter-changes.ts";
import type { Result, Results } from "./results.ts";
import type { Run } from "./run.ts";

const OTHER_PARAMETERS = "other parameters in the last report";
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;
const SMALLEST_PART = 0.05; // percent
const SIGNIFICANT = 15; // digits of a float that its arithmetic leaves right

/** The change of each tile: empty without a number of the previous run. */
export function tileChanges(run: Run, previous: Results): Map<ShownTile, string> {
  const before = valuesOfTiles(previous.results);
  const others = parameterChanges(previous, { parameters: parametersOf(run) });
  const places = new Places();
  const changes = new Map<ShownTile, string>();
  for (const { notebook, cells } of run.steps) {
    const hasOthers = others.some((one) => one.notebook === notebook.name);
    for (const tile of cells.flatMap(({ cell }) => cell.outputs.flatMap(tilesIn))) {
      const change = changeOf(tile, before.get(places.next(notebook.name, tile.name)));
      changes.set(tile, change !== "" && hasOthers ? OTHER_PARAMETERS : change);
    }
  }
  return changes;
}

/** The tiles that an output shows. */
export function tilesIn(output: Output): ShownTile[] {
  if (isStream(output) || isError(output)) return [];
  const { tiles } = (output.data[TILES_TYPE] ?? {}) as { tiles?: unknown };
  return Array.isArray(tiles) ? (tiles as ShownTile[]) : [];
}

/** "+12 (+5.8%) since the last report"; empty without a number of the last report. */
function changeOf(tile: Pick<ShownTile, "value" | "unit" | "digits">, before: unknown): string {
  const [now, old] = [decimalOf(tile.value), decimalOf(before)];
  if (now === null || old === null) return "";
  const { unit, digits } = tile;
  const format: NumberFormat = digits === undefined ? {} : { digits };
  const scale = Math.max(now.scale, old.scale);
  const change = unitsAt(now, scale) - unitsAt(old, scale);
  const sign = change > 0n ? "+" : "−";
  const size = decimalText(change < 0n ? -change : change, scale);
  const isExact = typeof tile.value === "string" || typeof before === "string";
  const exact = size.includes(".") ? size : BigInt(size);
  const amount = isExact ? exact : Number(size);
  const text = forPeople(amount, format);
  const isShownAlike = forPeople(tile.value, format) === forPeople(before, format);
  if (isShownAlike || !/[1-9]/.test(text)) return "as in the last report";
  if (unit === "%") return `${sign}${text} ${text === "1" ? "point" : "points"} since the last report`;
  const part = Math.abs(Number(change) / Number(unitsAt(old, scale))) * 100;
  const ratio = ratioText(part, sign);
  return `${sign}${forPeople(amount, { ...format, unit })}${ratio} since the last report`;
}

/** A part in percent as " (+5.8%)"; "" for a part that is not finite, or below 0.05%. */
export function ratioText(part: number, sign: string): string {
  if (!Number.isFinite(part) || part < SMALLEST_PART) return "";
  return ` (${sign}${formatPercent(part, part < 10 ? 1 : 0)})`;
}

/** The values of the tiles in results.json, by their places. */
function valuesOfTiles(results: readonly Result[]): Map<string, unknown> {
  const names = new Set<string>();
  const places = new Places();
  const values = new Map<string, unknown>();
  for (const { name, kind, notebook, value } of results) {
    const own = name.replace(/ \(\d+\)$/, "");
    if (kind === "tile") values.set(places.next(notebook, names.has(own) ? own : name), value);
    names.add(name);
  }
  return values;
}

/** The places of tiles: notebook, name, and number among the tiles of that name. */
class Places {
  #counts = new Map<string, number>();

  next(notebook: string, name: string): string {
    const key = JSON.stringify([notebook, name]);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return `${key} ${count}`;
  }
}

/** A number as an integer of units: 12.50 is 1250 units at scale 2. */
interface Decimal {
  units: bigint;
  scale: number;
}

/** The number of a value; null for a value that is no number. */
function decimalOf(value: unknown): Decimal | null {
  const [, sign, whole, fraction = "", exponent = "0"] = DECIMAL.exec(textOf(value)) ?? [];
  if (whole === undefined) return null;
  const units = BigInt(`${whole}${fraction}`);
  const scale = fraction.length - Number(exponent);
  const signed = sign === "-" ? -units : units;
  return scale < 0 ? { units: signed * 10n ** BigInt(-scale), scale: 0 } : { units: signed, scale };
}

function textOf(value: unknown): string {
  if (typeof value !== "number") return typeof value === "string" ? value : "";
  if (Number.isInteger(value)) return String(BigInt(value));
  return String(Number(value.toPrecision(SIGNIFICANT)));
}

function unitsAt({ units, scale }: Decimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}

/** 1250 at scale 2 → "12.5" */
function decimalText(units: bigint, scale: number): string {
  const digits = String(units).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return fraction === "" || scale === 0 ? whole : `${whole}.${fraction}`;
}
