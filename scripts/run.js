/**
 * NAME and arguments → the command scripts/NAME.ts; npm scripts start each command by this file.
 * Each command takes `--env FILE`: another file of settings than questlog.env.
 *
 * An old Node cannot read TypeScript, so this file is JavaScript, and checks the Node first.
 */
import http from "node:http";
import module from "node:module";
import { devNull } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { refuseOldNode } from "./node-version.js";

refuseOldNode();
refuseStar(fileURLToPath(new URL("..", import.meta.url)));
// Node keeps its compiled code: commands load twice as fast. Coverage is exact only without it.
if (!process.env.NODE_V8_COVERAGE)
  module.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url)));
// The tests have settings of their own.
if (process.argv[2] === "test") process.env.QUESTLOG_ENV ||= devNull;
takeEnvFile(process.argv);
askThisMachineDirectly(process.env);
const command = new URL(`${process.argv[2]}.ts`, import.meta.url);
process.argv.splice(1, 2, fileURLToPath(command)); // the command reads its arguments from here
await import(command.href).catch(async (error) => {
  const problem = gameProblem(error) ?? packageProblem(error);
  if (problem === null) throw error;
  // Its own package can be the missing one.
  const { printProblem } = await import("../lib/print-problem.ts").catch(() => ({
    printProblem: console.error,
  }));
  printProblem(`questlog: ${problem}`);
  process.exit(2);
});

/** Node replaces each * in the path of a package's module, so it finds no modules below such a path. */
function refuseStar(checkout) {
  if (!checkout.includes("*")) return;
  console.error(`questlog: expected a checkout without * in its path, got "${checkout}"`);
  process.exit(2);
}

/**
 * Proxies of the environment are for downloads: all servers of a stack listen on this machine. With
 * NODE_USE_ENV_PROXY=1, Node would ask the proxy for them.
 */
function askThisMachineDirectly(env) {
  if (!Object.keys(env).some((name) => /^(https?|all)_proxy$/i.test(name))) return;
  const given = env.no_proxy ?? env.NO_PROXY;
  const direct = [...(given ? [given] : []), "127.0.0.1", "localhost", "::1"].join(",");
  Object.assign(env, { no_proxy: direct, NO_PROXY: direct });
  if (env.NODE_USE_ENV_PROXY === "1") http.setGlobalProxyFromEnv?.(); // it had read them at its start
}

/** Takes `--env FILE` out of the arguments; lib/env-file.ts reads the variable. */
function takeEnvFile(words) {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const at = words.findIndex((word, i) => i > 2 && i < end && /^--env(=|$)/.test(word));
  if (at < 0) return;
  const [word, next] = words.splice(at, words[at] === "--env" ? 2 : 1);
  const file = word === "--env" ? next : word.slice("--env=".length);
  if (!file) {
    console.error("questlog: --env: expected a file with settings, got none");
    process.exit(2);
  }
  process.env.QUESTLOG_ENV = resolve(process.env.INIT_CWD || ".", file);
}

/** The sentence for a lib/game.ts that cannot be loaded; null: the error has another cause. */
function gameProblem(error) {
  if (error.name === "CatalogueError") return error.message;
  const [place = "", line] = /file:\S+?\.[jt]s:(\d+)/.exec(error.stack) ?? []; // the first of the stack
  return /\/lib\/game\.ts:\d+$/.test(place) ? `lib/game.ts, line ${line}: ${error.message}` : null;
}

/**
 * The sentence for a package that is missing, or was installed for another machine; null: the error
 * has another cause. npm leaves the parts for this machine out with --omit=optional.
 */
function packageProblem({ code, message }) {
  const [, name] = /^Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'][^/']*)/.exec(message) ?? [];
  const isMissing = name !== undefined && /^(ERR_)?MODULE_NOT_FOUND$/.test(code);
  const isForeign = code === "ERR_DLOPEN_FAILED" || /native binding|No native build/.test(message);
  if (!isMissing && !isForeign) return null;
  const found = isMissing ? `none named ${name}` : "none for this machine";
  return `expected all packages of package-lock.json in node_modules, got ${found}; npm ci installs them`;
}
