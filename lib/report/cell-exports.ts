/** A cell's code → the code without `export`, which the kernel's checker of types refuses. */
import ts from "typescript";
import { type Edit, edited } from "./text-edits.ts";

/** The code without `export`: nothing imports a cell. All other characters keep their places. */
export function withoutExports(source: string): string {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ESNext, true);
  const edits: Edit[] = [];
  const blank = (from: number, to: number): void => {
    edits.push({ from, to, text: source.slice(from, to).replace(/[^\n]/g, " ") });
  };
  for (const statement of file.statements) {
    const from = statement.getStart(file);
    if (ts.isExportDeclaration(statement)) {
      const { moduleSpecifier: module } = statement;
      if (!module) blank(from, statement.end);
      else edits.push({ from, to: statement.end, text: `import ${module.getText(file)};` });
    } else if (ts.isExportAssignment(statement)) {
      edits.push({ from, to: statement.expression.getStart(file), text: "void " });
    } else if (ts.canHaveModifiers(statement)) {
      const exports = (ts.getModifiers(statement) ?? []).filter(({ kind }) =>
        [ts.SyntaxKind.ExportKeyword, ts.SyntaxKind.DefaultKeyword].includes(kind),
      );
      const isNameless = exports.length > 1 && !(statement as ts.FunctionDeclaration).name;
      if (isNameless) edits.push({ from, to: from, text: "void " });
      for (const modifier of exports) blank(modifier.getStart(file), modifier.end);
    }
  }
  return edited(source, edits);
}
