// A copy of this checkout with the bookshop's lib/game.ts, without notebooks.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";

/** Makes the copy, and returns its folder. */
export function copyCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), "questlog-bookshop-"));
  for (const name of ["lib", "scripts", "compose", "package.json", ".npmrc"]) {
    cpSync(join(settings.root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(settings.root, "node_modules"), join(folder, "node_modules"));
  const game = readFileSync(join(settings.root, "lib", "testbed", "bookshop.fixture.ts"), "utf8");
  writeFileSync(join(folder, "lib", "game.ts"), game.replace("../catalog.ts", "./catalog.ts"));
  return folder;
}

export function removeCheckout(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
