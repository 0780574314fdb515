import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** One ```ts block of a README, made a module. */
export interface ReadmeExample {
  /** Folder below `packages/`. */
  readonly name: string;
  /** Absolute path of the module; its lines have the numbers that they have in the README. */
  readonly file: string;
  /** False for blocks fenced as `ts no-run`: they need a machine of their own, and are type-checked only. */
  readonly isRun: boolean;
}

/** What readers of an example have already, e.g. a logger: see `tools/docs/readme/`. */
interface Surroundings {
  readonly path: string;
  readonly exports: readonly { readonly name: string; readonly isType: boolean }[];
}

/**
 * Writes the examples of every `packages/NAME/README.md` as modules, inside their packages: they see what the package's dependents see.
 *
 * Names that an example uses without declaring them come from `tools/docs/readme/any-package.ts` and `tools/docs/readme/NAME.ts`.
 * The caller removes the modules with {@link removeReadmeExamples}.
 */
export async function writeReadmeExamples(root: string): Promise<readonly ReadmeExample[]> {
  const readme = join(root, "tools/docs/readme");
  const examples: ReadmeExample[] = [];
  for (const name of (await readdir(join(root, "packages"))).sort()) {
    const text = await readFile(join(root, "packages", name, "README.md"), "utf8");
    const surroundings = [
      await readSurroundings(join(readme, `${name}.ts`)),
      await readSurroundings(join(readme, "any-package.ts")),
    ];
    for (const match of text.matchAll(/^```ts( no-run)?\n(.*?)^```$/gms)) {
      const [, noRun, code = ""] = match;
      const file = join(exampleFolder(root, name), `example-${String(examples.length)}.ts`);
      const linesBefore = text.slice(0, match.index).split("\n").length - 1;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${"\n".repeat(linesBefore)}${importsFor(code, surroundings)}\n${code}\nexport {};\n`);
      examples.push({ name, file, isRun: noRun === undefined });
    }
  }
  return examples;
}

/** Removes what {@link writeReadmeExamples} wrote. */
export async function removeReadmeExamples(root: string): Promise<void> {
  for (const name of await readdir(join(root, "packages"))) {
    await rm(exampleFolder(root, name), { recursive: true, force: true });
  }
}

function exampleFolder(root: string, name: string): string {
  return join(root, "packages", name, ".cache/readme");
}

async function readSurroundings(path: string): Promise<Surroundings> {
  let text = "";
  try {
    text = await readFile(path, "utf8");
  } catch {
    // Most packages need nothing of their own.
  }
  const exports = Array.from(
    text.matchAll(/^export (const|function|async function|interface|type) (\w+)/gm),
    ([, kind = "", name = ""]) => ({ name, isType: kind === "interface" || kind === "type" }),
  );
  return { path, exports };
}

/** One line of imports: it takes the place of the fence. */
function importsFor(code: string, surroundings: readonly Surroundings[]): string {
  const taken = new Set<string>();
  const lines: string[] = [];
  for (const { path, exports } of surroundings) {
    const used = exports.filter(({ name }) => !taken.has(name) && needs(code, name));
    for (const { name } of used) taken.add(name);
    if (used.length === 0) continue;
    const names = used.map(({ name, isType }) => (isType ? `type ${name}` : name)).join(", ");
    lines.push(`import { ${names} } from ${JSON.stringify(path)};`);
  }
  return lines.join(" ");
}

/** True when the code uses a name that it neither declares nor imports. */
function needs(code: string, name: string): boolean {
  const isUsed = new RegExp(`(?<![.\\w"'/-])${name}(?![\\w"'/-])`).test(code);
  const isDeclared = new RegExp(`\\b(?:const|let|using|function)\\s+${name}\\b|import[^;]*\\b${name}\\b[^;]*from`).test(
    code,
  );
  return isUsed && !isDeclared;
}
