// A copy of this checkout with another game: lib/game.ts is that of a fixture.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOST, settings } from "../settings.ts";
import { freePort } from "./free-port.ts";
import type { Ground } from "./ground.ts";

const COPIED = [
  ...["lib", "scripts", "compose", "notebooks", "history"],
  ...["package.json", ".npmrc", "tsconfig.json", "tsconfig.build.json"],
];

/** The fixtures with a game: lib/testbed/NAME.fixture.ts. */
export type GameName = "original" | "bookshop" | "every-type" | "changed";

/** Makes a copy with the game of a fixture, and returns its folder. */
export function copyCheckout(game: GameName): string {
  const folder = mkdtempSync(join(tmpdir(), "questlog-game-"));
  for (const name of COPIED) cpSync(join(settings.root, name), join(folder, name), { recursive: true });
  symlinkSync(join(settings.root, "node_modules"), join(folder, "node_modules"));
  changeGame(folder, game);
  return folder;
}

/** Replaces lib/game.ts in a copy by the game of another fixture. */
export function changeGame(folder: string, game: GameName): void {
  const text = readFileSync(join(settings.root, "lib", "testbed", `${game}.fixture.ts`), "utf8");
  const moved = text.replaceAll('from "./', 'from "./testbed/').replaceAll('from "../', 'from "./');
  writeFileSync(join(folder, "lib", "game.ts"), moved);
}

export function removeCheckout(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The environment of a copy's commands: its own API and stream on the ground, given services. */
export async function checkoutEnv(folder: string, ground: Ground): Promise<NodeJS.ProcessEnv> {
  return {
    ...process.env,
    QUESTLOG_KAFKA_BROKERS: settings.kafkaBrokers.join(","),
    QUESTLOG_WEBHDFS_URL: settings.webhdfsUrl,
    QUESTLOG_TRINO_URL: settings.trinoUrl,
    QUESTLOG_TOPIC: ground.topic,
    QUESTLOG_FAILED_TOPIC: ground.failedTopic,
    QUESTLOG_CONSUMER_GROUP: ground.name,
    QUESTLOG_HDFS_ROOT: ground.root,
    QUESTLOG_SCHEMA: ground.schema,
    QUESTLOG_HOME: join(folder, ".questlog"),
    QUESTLOG_OUT: join(folder, "out"),
    QUESTLOG_HISTORY: join(folder, "history.jsonl"),
    QUESTLOG_API_PORT: String(await freePort()),
    QUESTLOG_STREAM_PORT: String(await freePort()),
  };
}

/** The API's address in the environment of a copy. */
export function apiUrlIn({ QUESTLOG_API_PORT }: NodeJS.ProcessEnv): string {
  return `http://${HOST}:${QUESTLOG_API_PORT}`;
}
