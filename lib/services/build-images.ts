/**
 * Targets of a Dockerfile → images in the engine, as far as it does not have them.
 *
 * The tag is a hash of everything that makes the images, so an image with this tag is the right
 * one. The folder of a build lies in the cache: there, files can be hard links to the cache's own.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { docker } from "./docker.ts";
import { type Log, seconds } from "./log.ts";

export interface ImageSet {
  targets: readonly string[]; // of the Dockerfile; the image of `kafka` is questlog-kafka
  tag: string;
  base: string; // the image below, as an argument of the Dockerfile: "JAVA_IMAGE=…"
}

/** Builds the images that the engine does not have, from the folder that `layOut` fills. */
export async function buildMissing(
  { targets, tag, base }: ImageSet,
  layOut: (context: string) => void | Promise<void>,
  log: Log,
): Promise<void> {
  const missing = await missingImages(targets, tag);
  if (missing.length === 0) return;
  mkdirSync(settings.cache, { recursive: true });
  const context = mkdtempSync(join(settings.cache, "images-"));
  try {
    await layOut(context);
    const start = Date.now();
    for (const [i, target] of missing.entries()) {
      log(`images: building ${target} (${i + 1} of ${missing.length}), ${seconds(start)} s`);
      const image = `questlog-${target}`;
      const words = ["--quiet", "--network", "none", "--build-arg", base, "--target", target];
      await docker(
        ["build", ...words, "--tag", `${image}:${tag}`, context],
        `the build of the image ${image}`,
      );
    }
    log(`images: built, ${seconds(start)} s`);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** The targets of which the engine has no image with this tag. */
export async function missingImages(targets: readonly string[], tag: string): Promise<string[]> {
  const found = await docker(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  const names = found.split("\n").map((name) => name.replace(/^localhost\//, "")); // Podman's prefix
  return targets.filter((target) => !names.includes(`questlog-${target}:${tag}`));
}
