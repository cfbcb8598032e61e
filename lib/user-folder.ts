/**
 * A path that a user typed → an absolute path, from the folder in which the user typed it.
 *
 * npm runs a command in the checkout, and puts the user's own folder into INIT_CWD.
 */
import { resolve } from "node:path";

/** The folder in which the user started this command. */
export function userFolder(): string {
  return process.env.INIT_CWD || process.cwd();
}

/** The absolute path of `path`, which a user typed. */
export function fromUser(path: string): string {
  return resolve(userFolder(), path);
}
