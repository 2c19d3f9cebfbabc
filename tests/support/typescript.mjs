// TypeScript over files of this repository, and over files that a test makes up.
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export { ts };
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The types of the built package. */
export const TYPES = join(ROOT, "dist/npm/dist");

/** The files under a directory with this ending, by their whole paths. */
export function filesUnder(directory, ending) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(directory, name))
    .sort();
}

/** The options, and the files, of a project. */
export function project(directory) {
  const path = join(ROOT, directory, "tsconfig.json");
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(path));
  return { options, fileNames };
}

/** A program in which some files have other texts than on the disk, or are on no disk. What did not change is read once. */
export function programs(options) {
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile } = host;
  const read = new Map();
  return (files, texts = {}) => {
    host.fileExists = (path) => Object.hasOwn(texts, path) || fileExists(path);
    host.readFile = (path) => (Object.hasOwn(texts, path) ? texts[path] : readFile(path));
    host.getSourceFile = (path, language, ...rest) => {
      if (Object.hasOwn(texts, path)) return ts.createSourceFile(path, texts[path], language, true);
      if (!read.has(path)) read.set(path, getSourceFile(path, language, ...rest));
      return read.get(path);
    };
    return ts.createProgram(files, options, host);
  };
}

/** What the compiler has against a program, a line each. */
export function faults(program) {
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const place = file ? `${relative(ROOT, file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}` : "";
    return `${place} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

/** Each declaration of a file and each member of one, with its path of names. */
export function* declared(file) {
  const isMember = (node) =>
    ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isMethodDeclaration(node) || ts.isPropertyDeclaration(node);
  for (const node of file.statements) {
    if (node.name === undefined) continue;
    yield { name: node.name.text, node, member: false };
    for (const member of (node.members ?? []).filter(isMember)) {
      yield { name: `${node.name.text}.${member.name.getText(file)}`, node: member, member: true };
    }
  }
}

/** The examples in the comment of a declaration, without their fences. */
export function examplesOf(node) {
  const examples = ts.getJSDocTags(node).filter(({ tagName }) => tagName.text === "example");
  return examples.map(({ comment }) => {
    const text = ts.getTextOfJSDocComment(comment) ?? "";
    const [, code] = /^```ts\n([^]*)\n```$/.exec(text.trim()) ?? [];
    if (code === undefined) throw new Error(`an example that is no fenced block of TypeScript: ${text}`);
    return code;
  });
}
