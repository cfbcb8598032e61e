/**
 * A call → those of its arguments that can become part of a sentence.
 *
 * A statement and its conditions are never prose: Trino reads them, and a reader sees the result. A
 * function of the notebook may pass a parameter on to `query`. That argument is SQL as well, if the
 * function uses the parameter for nothing else.
 */
import ts from "typescript";
import { isOnlyName } from "./cell-syntax.ts";
import { visit } from "./definitions.ts";

const SQL = /^(?:query|sql|identifier|literal|countBy|sumBy|eventsIn)$/;

/** Whether a function or a tag of this name reads all of its texts as SQL. */
export function readsSql(name: string): boolean {
  return SQL.test(name);
}

/** The arguments of a call that are no SQL; `functions` has the definitions of the function. */
export function proseArguments(call: ts.CallExpression, functions: readonly ts.Node[]): ts.Expression[] {
  if (readsSql(calledName(call.expression))) return [];
  const [definition] = functions;
  if (functions.length !== 1 || !isFunction(definition!)) return [...call.arguments];
  return call.arguments.filter((_, i) => {
    const name = definition.parameters[i]?.name;
    return name === undefined || !ts.isIdentifier(name) || !isOnlySql(name.text, definition);
  });
}

/** The last name of a called expression: `query` of `questlog.query`. */
export function calledName(callee: ts.Node): string {
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text;
  return ts.isIdentifier(callee) ? callee.text : "";
}

type OwnFunction = ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration;

/** Whether the node is a function with its code. */
export function isFunction(node: ts.Node): node is OwnFunction {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isFunctionDeclaration(node);
}

/** Whether each use of the parameter stands in a statement. */
function isOnlySql(name: string, definition: OwnFunction): boolean {
  const uses: ts.Node[] = [];
  if (definition.body)
    visit(definition.body, (node) => {
      if (ts.isIdentifier(node) && node.text === name && !isOnlyName(node)) uses.push(node);
    });
  return uses.length > 0 && uses.every((use) => isInSql(use, definition));
}

function isInSql(use: ts.Node, top: ts.Node): boolean {
  for (let node = use; node !== top; node = node.parent) {
    const { parent } = node;
    if (ts.isCallExpression(parent) && node !== parent.expression && readsSql(calledName(parent.expression)))
      return true;
    if (ts.isTaggedTemplateExpression(parent) && node !== parent.tag && readsSql(calledName(parent.tag)))
      return true;
  }
  return false;
}
