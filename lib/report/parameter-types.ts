/**
 * A cell's source before and after a value is set → the compiler's message about the new value.
 *
 * A type such as "gold" | "copper" can be narrower than the default's. Types of other cells are
 * unknown here, so a message that the old source has too is not about the value.
 */
import ts from "typescript";

const FILE = "parameters.ts";
const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2024, strict: true, noEmit: true, types: [] };

/** The first message that only the new source has; null: the value has the type. */
export function newTypeProblem(before: string, after: string): string | null {
  const old = messagesOf(before);
  return messagesOf(after).find((message) => !old.includes(message)) ?? null;
}

function messagesOf(source: string): string[] {
  const host = ts.createCompilerHost(OPTIONS);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version, ...more) =>
    name === FILE
      ? ts.createSourceFile(name, `export {};\n${source}`, version)
      : read(name, version, ...more);
  const program = ts.createProgram([FILE], OPTIONS, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(FILE))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "; "));
}
