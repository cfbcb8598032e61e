/**
 * lib/questlog.ts and the comments of its exports → the text of docs/reference.md.
 */
import { relative } from "node:path";
import ts from "typescript";

const INTRODUCTION = `# Reference: \`import { … } from "questlog"\`

The package's functions, for notebooks in any folder, for scripts, and for other packages.
\`npm run check -- --write\` makes this page from the comments in lib/.
`;

/** The reference of the module `entry`, in Markdown; `root` is the checkout. */
export function referenceText(entry: string, root: string): string {
  const options = { module: ts.ModuleKind.NodeNext, allowImportingTsExtensions: true, noEmit: true };
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  const sections = checker.getExportsOfModule(module).map((symbol) => {
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [node] = own.declarations ?? [];
    if (node === undefined)
      throw new Error(`questlog.ts: expected a declaration of ${symbol.name}, got none`);
    const place = relative(root, node.getSourceFile().fileName);
    return {
      name: symbol.name,
      isType: isType(node),
      text: sectionText(symbol.name, own, node, checker),
      place,
    };
  });
  const inOrder = [...sections.filter(({ isType }) => !isType), ...sections.filter(({ isType }) => isType)];
  return [INTRODUCTION, ...inOrder.map(({ text, place }) => `${text}\n[${place}](../${place})\n`)].join("\n");
}

function sectionText(name: string, symbol: ts.Symbol, node: ts.Declaration, checker: ts.TypeChecker): string {
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => {
    const words = ts.displayPartsToString(text).replaceAll("\n", " ");
    return `- ${name === "throws" ? "throws" : name}: ${words}`;
  });
  const parts = [`## ${name}`, "```ts\n" + codeOf(name, node, checker) + "\n```", comment, tags.join("\n")];
  return parts.filter((part) => part !== "").join("\n\n") + "\n";
}

/** The declaration without the code of functions. */
function codeOf(name: string, node: ts.Declaration, checker: ts.TypeChecker): string {
  const source = node.getSourceFile();
  if (ts.isFunctionDeclaration(node) && node.body)
    return withoutExport(source.text.slice(node.getStart(), node.body.getStart()).trimEnd());
  if (ts.isClassDeclaration(node)) {
    const fields = node.members.filter(ts.isPropertyDeclaration).map((member) => lineOf(member));
    const heritage = (node.heritageClauses ?? []).map((clause) => clause.getText()).join(" ");
    return `class ${name} ${heritage} {\n${fields.join("\n")}\n}`;
  }
  if (isType(node)) return withoutExport(node.getText());
  return `const ${name}: ${checker.typeToString(checker.getTypeAtLocation(node))};`;
}

/** A field of a class with the comment at the end of its line. */
function lineOf(member: ts.PropertyDeclaration): string {
  const { text } = member.getSourceFile();
  const end = text.indexOf("\n", member.getEnd());
  return `  ${text.slice(member.getStart(), end).trim()}`;
}

function isType(node: ts.Declaration): boolean {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function withoutExport(code: string): string {
  return code.replace(/^export (async )?/, "");
}
