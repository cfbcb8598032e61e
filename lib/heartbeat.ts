/**
 * The work of a long command → lines on stderr that tell of it: seldom, and ever more seldom.
 *
 * A terminal gets the first line after 2 s, a file or a pipe after 30 s. Each pause is half as long
 * again as the one before, up to 30 s.
 */
const FIRST_MS = 2_000;
const LONGEST_MS = 30_000;

export interface Heartbeat {
  /** Names the work from now on: "300,000 messages audited". */
  doing: (what: string) => void;
  stop: () => void;
}

/** @param name of the command, at the begin of each line */
export function startHeartbeat(
  name: string,
  {
    terminal = process.stderr,
    firstMs,
  }: { terminal?: { isTTY?: boolean; write: (text: string) => unknown }; firstMs?: number } = {},
): Heartbeat {
  const started = performance.now();
  let what = "at work";
  let pause = firstMs ?? (terminal.isTTY ? FIRST_MS : LONGEST_MS);
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(() => {
      terminal.write(`${name}: ${what}, ${Math.round((performance.now() - started) / 1000)} s\n`);
      pause = Math.min(pause * 1.5, LONGEST_MS);
      wait();
    }, pause).unref();
  };
  wait();
  return { doing: (text) => (what = text), stop: () => clearTimeout(timer) };
}
