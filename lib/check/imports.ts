/**
 * lib/ → its graph of imports, and the findings in that graph.
 *
 * Imports of types count too, because a reader follows them as well. Tests and fixtures may import
 * every module, so the graph does not contain them.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

/** Rooms for one step of an event's way; they import shared modules and their own files only. */
export const STAGES: readonly string[] = ["services", "collect", "land", "ask", "traffic"];

/** Module → the modules that it imports; paths relative to lib/, e.g. "land/commits.ts". */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const IMPORT = /^(?:import|export|\}).*?\bfrom "(\.[^"]+\.ts)"|\bimport\("(\.[^"]+\.ts)"\)/gm;
const ENTRY = "questlog.ts"; // of the package; it stands above the rooms
const OUTSIDE = /\.(test|fixture|bench)\.ts$/;

/** Reads the imports of all modules in the folder `lib`. */
export function readImports(lib: string): ImportGraph {
  const files = globSync("**/*.ts", { cwd: lib }).filter((file) => !OUTSIDE.test(file));
  const importsOf = (file: string): string[] => {
    const found = readFileSync(join(lib, file), "utf8").matchAll(IMPORT);
    return [...new Set([...found].map(([, path, lazy]) => normalize(join(dirname(file), (path ?? lazy)!))))];
  };
  return new Map(files.sort().map((file) => [file, importsOf(file)]));
}

/** All findings, as sentences: cycles, imports from stage to stage, equal file names. */
export function importFindings(graph: ImportGraph): string[] {
  return [...cycles(graph), ...crossings(graph), ...sameNames([...graph.keys()])];
}

/**
 * A line for each room with the rooms that it imports, each room after those; "." is lib/ itself.
 */
export function roomLines(graph: ImportGraph): string[] {
  const rooms = new Map<string, Set<string>>();
  for (const [file, imports] of graph) {
    const room = roomOf(file);
    const others = rooms.get(room) ?? new Set();
    for (const other of imports.map(roomOf)) if (other !== room && other !== ".") others.add(other);
    rooms.set(room, others);
  }
  const lines: string[] = [];
  const done = new Set<string>();
  const add = (room: string, above: readonly string[]): void => {
    if (done.has(room) || above.includes(room)) return;
    const others = [...(rooms.get(room) ?? [])].sort();
    for (const other of others) add(other, [...above, room]);
    done.add(room);
    const modules = [...graph.keys()].filter((file) => roomOf(file) === room).length;
    const name = room === "." ? "lib" : room;
    lines.push(`${name.padEnd(10)}${String(modules).padStart(4)} modules  ${others.join(" ") || "-"}`);
  };
  const inOrder = [".", ...STAGES, ...[...rooms.keys()].sort()].filter((room) => rooms.has(room));
  for (const room of inOrder) add(room, []);
  return lines;
}

function cycles(graph: ImportGraph): string[] {
  const findings: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (file: string, way: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      const loop = [...way.slice(way.indexOf(file)), file];
      findings.push(`expected no cycle of imports, got ${loop.join(" → ")}`);
      return;
    }
    state.set(file, "open");
    for (const other of graph.get(file) ?? []) visit(other, [...way, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);
  return findings;
}

function crossings(graph: ImportGraph): string[] {
  return [...graph].flatMap(([file, imports]) => {
    const room = roomOf(file);
    if (file === ENTRY || (room !== "." && !STAGES.includes(room))) return [];
    return imports
      .filter((other) => roomOf(other) !== "." && roomOf(other) !== room)
      .map((other) => `${file}: expected imports of lib/*.ts and of its own room, got ${other}`);
  });
}

function sameNames(files: readonly string[]): string[] {
  const byName = Map.groupBy(files, (file) => basename(file));
  return [...byName]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => `expected one file of the name ${name}, got ${same.join(" and ")}`);
}

function roomOf(file: string): string {
  return dirname(file);
}
