/**
 * A file and its text → the file with the whole text, or unchanged.
 *
 * The text is written beside the file, which a rename then replaces in one step. So a crash or a
 * full disk keeps the former file, and no reader sees half a text.
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes `text` to `file`, and makes its folder. @throws Error that names the file */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.part`;
  try {
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (error) {
    throw new Error(`${file} is not written: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(beside, { force: true });
  }
}
