/**
 * The tests of this checkout → the same result with any game: lib/game.ts and lib/game-traffic.ts
 * are replaced by the original's in lib/testbed/original.fixture.ts.
 *
 * Mocha loads this file before the tests. The tests ask the original's routes and read its tables,
 * so a user who replaces the game would otherwise have failing tests of unchanged code.
 */
import * as module from "node:module";
import { devNull } from "node:os";

const urlOf = (path) => new URL(`../${path}`, import.meta.url).href;
const replaced = ["lib/game.ts", "lib/game-traffic.ts", "dist/game.js", "dist/game-traffic.js"].map(urlOf);
const original = { url: urlOf("lib/testbed/original.fixture.ts"), format: "module-typescript" };

// npm itself may run on an older Node without hooks, and then loads no game.
module.registerHooks?.({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return replaced.includes(found.url) ? { ...found, ...original } : found;
  },
});

// The tests have settings of their own, not those of the user's questlog.env.
process.env.QUESTLOG_ENV ||= devNull;

// The processes that the tests start have the original's game too.
const { NODE_OPTIONS = "" } = process.env;
const option = `--import=${import.meta.url}`;
if (!NODE_OPTIONS.includes(option)) process.env.NODE_OPTIONS = `${NODE_OPTIONS} ${option}`.trim();
