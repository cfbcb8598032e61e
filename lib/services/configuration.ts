/**
 * A folder of configuration files with ${names} → the same files, filled in.
 *
 * Both runtimes use the files of compose/; only the values differ (host names, folders, ports).
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes every file below `from` to the same place below `to`, with each `${name}` replaced by its value.
 * @throws Error naming the file, if it asks for a value that is not given.
 */
export function fillFolder(from: string, to: string, values: Record<string, string>): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, fill(readFileSync(source, "utf8"), values, source));
  }
}

function fill(text: string, values: Record<string, string>, file: string): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(
        `${file}: expected a value for \${${name}}, got only ${Object.keys(values).join(", ")}`,
      );
    }
    return value;
  });
}
