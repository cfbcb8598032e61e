/**
 * The bindings of a notebook's text, and its kernel → the values, written into the text.
 */
import { codeOfBindings, type PlannedBinding, writeBound } from "./bindings.ts";
import type { Kernel } from "./kernel.ts";
import { isStream, textOf } from "./outputs.ts";
import type { Output } from "./notebook.ts";

/**
 * Binds the texts that get their values after the code cell `number`, which has just run.
 * Resolves with the first problem, or with null.
 */
export async function bindTexts(
  planned: readonly PlannedBinding[],
  number: number,
  { kernel, timeoutMs }: { kernel: Kernel; timeoutMs: number },
): Promise<string | null> {
  const now = planned.filter(({ after }) => after === number);
  if (now.length === 0) return null;
  let printed = "";
  const status = await kernel.execute(codeOfBindings(now.map(({ binding }) => binding.expression)), {
    timeoutMs,
    onOutput: ({ type, content }) => {
      const output = { output_type: type, ...content } as Output;
      if (isStream(output)) printed += textOf(output.text);
    },
  });
  const { bound } = await kernel.takeClaims(false);
  if (status === "ok") return writeBound(now, bound);
  const [{ place, binding }] = now as [PlannedBinding];
  return `${place}: {{ ${binding.expression} }}: ${printed.trim() || "expected a value, got an error"}`;
}
