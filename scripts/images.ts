/** Build the images of servers and product, with which a server needs only Docker. */
import { command } from "../lib/command.ts";
import { docker } from "../lib/services/docker.ts";
import { prepareImages, TARGETS } from "../lib/services/images.ts";
import { prepareProductImages, PRODUCT_TARGETS } from "../lib/services/product-images.ts";

const usage = `npm run images -- [--product]
  Builds the images of the servers and of API and stream, unless the engine has
  them, and prints their names. Each also gets the tag latest, which compose.yml
  takes.
  --product    only questlog-api and questlog-stream`;
const options = { product: { type: "boolean", default: false } } as const;

await command("images", { usage, options }, async ({ values }) => {
  if (!values.product) await tagLatest(TARGETS, await prepareImages(console.log));
  await tagLatest(PRODUCT_TARGETS, await prepareProductImages(console.log));
});

/** An earlier checkout's images may have the tag. */
async function tagLatest(targets: readonly string[], tag: string): Promise<void> {
  for (const target of targets) {
    const image = `questlog-${target}`;
    await docker(["tag", `${image}:${tag}`, `${image}:latest`]);
    console.log(`${image}:${tag}`);
  }
}
