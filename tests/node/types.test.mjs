// The types of the package say what is there: no more, no less, nothing of it `any`, all of it in words. And the tests of
// the types are able to fail.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { before, test } from "node:test";
import { ROOT, TYPES, declared, faults, filesUnder, programs, project, ts } from "../support/typescript.mjs";

const manifest = JSON.parse(readFileSync(join(ROOT, "dist/npm/package.json"), "utf8"));
const files = filesUnder(TYPES, ".d.ts");
const shown = (path) => relative(TYPES, path);

/** The entries that have types, with these and their JavaScript. */
const entries = Object.entries(manifest.exports).flatMap(([name, conditions]) => {
  const own = conditions.import ?? conditions;
  return own.types === undefined ? [] : [{ name, types: join(ROOT, "dist/npm", own.types), code: own.default, all: conditions }];
});

let program;
before(() => {
  // As strict as can be: what a type names has to be there, with the names of the language and of the web alone.
  const options = { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [], noEmit: true };
  program = programs(options)(files);
});

test("the types hold by themselves, whatever libraries a project has", () => {
  assert.ok(files.length > 15);
  assert.deepEqual(faults(program), []);
});

test("nothing is `any`", () => {
  const found = [];
  const walk = (node, file) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${shown(file.fileName)}: ${node.parent.getText(file)}`);
    ts.forEachChild(node, (child) => walk(child, file));
  };
  for (const path of files) walk(program.getSourceFile(path), program.getSourceFile(path));
  assert.deepEqual(found, []);
});

test("whatever is exported says what it is, and so does each of its members", () => {
  const silent = (path) => {
    const file = program.getSourceFile(path);
    return [...declared(file)].filter(({ node }) => !ts.getJSDocCommentsAndTags(node).some(({ comment }) => comment)).map(({ name }) => `${shown(path)}: ${name}`);
  };
  assert.deepEqual(files.flatMap(silent), []);
});

test("each entry exports the values that its types name, and no others", async () => {
  assert.ok(entries.length >= 8);
  const checker = program.getTypeChecker();
  for (const { name, types, code, all } of entries) {
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(types)));
    const target = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
    const promised = symbols.filter((symbol) => target(symbol).flags & ts.SymbolFlags.Value).map((symbol) => symbol.name).sort();
    assert.notDeepEqual(promised, [], name);
    for (const { default: other = code } of [{}, ...Object.values(all).filter((condition) => typeof condition === "object")]) {
      assert.deepEqual(await exportedBy(join(ROOT, "dist/npm", other)), promised, `${name}: ${other}`);
    }
  }
});

/** The names that a file exports. What only another host can load is read. */
async function exportedBy(path) {
  const text = readFileSync(path, "utf8");
  const loads = !/^(import|export) .*(\.wasm\?module|cloudflare:)/m.test(text) && !path.endsWith("workerd.js");
  if (loads) return Object.keys(path.endsWith(".cjs") ? createRequire(path)(path) : await import(path)).sort();
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const names = [];
  for (const node of file.statements.filter(ts.isExportDeclaration)) {
    if (node.exportClause) names.push(...node.exportClause.elements.map(({ name }) => name.text));
    else names.push(...(await exportedBy(join(path, "..", node.moduleSpecifier.text))));
  }
  return names.sort();
}

test("every name that is exported is used in a test of the types, or in an example", () => {
  const checker = program.getTypeChecker();
  const used = filesUnder(join(ROOT, "tests/types"), "ts").map((path) => readFileSync(path, "utf8")).join("\n");
  const examples = files.map((path) => readFileSync(path, "utf8").match(/```ts[^]*?```/g) ?? []).flat().join("\n");
  const words = new Set(`${used}\n${examples}`.match(/\w+/g));
  const names = entries.flatMap(({ types }) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(types))));
  assert.ok(names.length > 100);
  assert.deepEqual(names.map(({ name }) => name).filter((name) => !words.has(name)), []);
});

/** How the types could be wrong: in which file, and what stands there instead. */
const WRONG = [
  ["verdict.d.ts", /ok: true;/, "ok: boolean;", "that it is good tells nothing"],
  ["verdict.d.ts", /class: "api_key";/, "class: CredentialClass;", "the classes cannot be told apart"],
  ["verdict.d.ts", /claims: Record<string, unknown>;/, "claims: any;", "claims are anything"],
  ["verdict.d.ts", /record: Record<string, unknown>;/, "record: Record<string, unknown>; claims: object;", "a key has claims"],
  ["verdict.d.ts", /export type CredentialClass = /, '$&"password" | ', "there is one class more"],
  ["verdict.d.ts", /scopes: string\[\];/, "", "a member is missing"],
  ["tokens.d.ts", /verifySync\((.*)\): Verdict/, "verifySync($1): any", "an answer is anything"],
  ["tokens.d.ts", /verify\((.*)\): Verdict \| Promise<Verdict>/, "verify($1): Verdict", "a promise is left out"],
  ["tokens.d.ts", /policy: TokenPolicy \| string/, "policy: object | string", "a policy is any object"],
  ["gate.d.ts", /routes\?: readonly RoutePolicy\[\]/, "routes?: RoutePolicy[]", "what is frozen is refused"],
  ["lifetime.d.ts", / extends Disposable/, "", "`using` is refused"],
  ["keys.d.ts", /, host: Host\)/, ", host?: Host)", "a store may be forgotten"],
  ["keys.d.ts", /\| "unused";/, '| "unused" | string;', "any reason will do"],
  ["store/memory.d.ts", /get\(key: string, .*\): string \| null;/, "get(key: string): Promise<string | null>;", "a store answers later"],
  ["clients.d.ts", /owner: string;\n  \/\*\*.*\n  revoker: string;/, "owner?: string; revoker?: string;", "nobody need answer for a client"],
  ["guard.d.ts", /action: "pass";/, 'action: string;', "an answer cannot be told from what is handed on"],
  ["inspect.d.ts", /class: null; token: null/, "class: string; token: null", "a report cannot be told by its class"],
  ["index.d.ts", /export \* from "\.\/jws\.js";/, "", "an export is missing"],
];

test("the tests of the types are able to fail", () => {
  const { options, fileNames } = project("tests/types/node");
  const check = programs(options);
  assert.deepEqual(faults(check(fileNames)), []);
  for (const [name, from, to, what] of WRONG) {
    const path = join(TYPES, name);
    const text = readFileSync(path, "utf8");
    assert.match(text, from, what);
    // The clients of stores bring many types along: they are read where they count.
    const read = fileNames.filter((file) => !file.endsWith("stores.ts") || name.startsWith("store/"));
    const found = faults(check(read, { [path]: text.replace(from, to) }));
    assert.ok(found.some((line) => line.startsWith("tests/types/node/")), `${what}: nobody noticed`);
  }
});
