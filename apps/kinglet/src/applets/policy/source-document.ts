import { parseAllDocuments, type Document, type Node, type Pair } from "yaml";
import { LineIndex, type Position } from "./line-index.ts";
import type { Input } from "./read-inputs.ts";

/** Something that is not YAML. */
export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** A YAML or JSON document that knows where its parts stand. */
export class SourceDocument {
  readonly input: Input;
  /** What it says; undefined when it is not YAML. */
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  readonly #root: Node | null;
  readonly #lines: LineIndex;

  constructor(input: Input, root: Node | null, value: unknown, problems: readonly SyntaxProblem[], lines: LineIndex) {
    this.input = input;
    this.value = value;
    this.problems = problems;
    this.#root = root;
    this.#lines = lines;
  }

  /** The object at an item of a `List`, with positions in this document. */
  at(value: unknown, path: string): SourceDocument {
    return new SourceDocument(this.input, findNode(this.#root, path).value, value, [], this.#lines);
  }

  /**
   * Where a path like `spec.policySections[0].policyGroups` stands; the nearest part around it when it is not there.
   *
   * @param part - the key of the last member, or its value.
   */
  locate(path: string, part: "key" | "value"): Position {
    const { key, value, isWhole } = findNode(this.#root, path);
    // Of a part that is missing or has members, the key is what people look for.
    const node = part === "value" && isWhole && isScalar(value) ? value : (key ?? value);
    return this.#lines.at(node?.range?.[0] ?? 0);
  }
}

/**
 * Parses all documents of an input; empty ones are left out. Nothing is thrown: what is not YAML is in `problems`.
 *
 * YAML 1.2, which holds JSON; a key twice is a problem.
 */
export function parseDocuments(input: Input): readonly SourceDocument[] {
  const lines = new LineIndex(input.text);
  try {
    const parsed = parseAllDocuments(input.text, { prettyErrors: false });
    const documents = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
    return documents
      .map((document) => sourceOf(document, input, lines))
      .filter(({ value, problems }) => (value !== null && value !== undefined) || problems.length > 0);
  } catch (error) {
    // Nesting that exhausts the stack ends here.
    const message = error instanceof RangeError ? "nested too deeply" : "not YAML";
    return [new SourceDocument(input, null, undefined, [{ line: 1, column: 1, message }], lines)];
  }
}

function sourceOf(document: Document.Parsed, input: Input, lines: LineIndex): SourceDocument {
  const problems = syntaxProblems(document, lines);
  const root = document.contents;
  if (problems.length > 0) return new SourceDocument(input, root, undefined, problems, lines);
  try {
    return new SourceDocument(input, root, document.toJS({ maxAliasCount: 100 }), [], lines);
  } catch {
    // Aliases that would grow without bound, or that lead nowhere.
    const where = { line: 1, column: 1, message: "aliases that cannot be resolved, or too many of them" };
    return new SourceDocument(input, root, undefined, [where], lines);
  }
}

/** The first few: what follows a mistake in YAML is mostly its consequence. */
const maxSyntaxProblems = 5;

function syntaxProblems({ errors }: Document.Parsed, lines: LineIndex): readonly SyntaxProblem[] {
  const problems: SyntaxProblem[] = [];
  for (const { pos, message } of errors) {
    const position = lines.at(pos[0]);
    const isRepeated = problems.at(-1)?.line === position.line;
    if (/call stack|Stack overflow/.test(message)) return [{ ...position, message: "nested too deeply" }];
    if (!isRepeated && problems.length < maxSyntaxProblems) {
      problems.push({ ...position, message: message.split("\n")[0] ?? "" });
    }
  }
  return problems;
}

interface FoundNode {
  readonly key: Node | null;
  readonly value: Node | null;
  /** False when only something around the path is there. */
  readonly isWhole: boolean;
}

/** Walks along the text of a path: keys may hold any character, so the longest key that fits is taken. */
function findNode(root: Node | null, path: string): FoundNode {
  let key: Node | null = null;
  let value = root;
  let rest = path === "" ? "" : `.${path}`;
  while (rest !== "") {
    const step = memberStep(value, rest) ?? itemStep(value, rest);
    if (step === undefined) return { key: key ?? value, value, isWhole: false };
    ({ key, value } = step);
    rest = step.rest;
  }
  return { key, value, isWhole: true };
}

interface Step {
  readonly key: Node | null;
  readonly value: Node | null;
  readonly rest: string;
}

function memberStep(node: Node | null, rest: string): Step | undefined {
  let best: Step | undefined;
  for (const pair of itemsOf(node)) {
    if (!isPair(pair)) return undefined;
    const { key, value } = pair;
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined) continue;
    for (const written of [`.${name}`, `[${JSON.stringify(name)}]`]) {
      const after = rest.slice(written.length);
      if (!rest.startsWith(written) || (after !== "" && !/^[.[]/.test(after))) continue;
      if (best === undefined || after.length < best.rest.length) {
        best = { key: key as Node, value: value as Node | null, rest: after };
      }
    }
  }
  return best;
}

function itemStep(node: Node | null, rest: string): Step | undefined {
  const index = /^\[(\d+)\]/.exec(rest);
  if (index === null) return undefined;
  const item = itemsOf(node)[Number(index[1])];
  return item === undefined || isPair(item) ? undefined : { key: null, value: item, rest: rest.slice(index[0].length) };
}

// By their members and not with the library's own tests: of the library the program carries only the functions that parse.

function itemsOf(node: Node | null): readonly (Node | Pair)[] {
  return (node as { readonly items?: readonly (Node | Pair)[] } | null)?.items ?? [];
}

function isPair(item: Node | Pair): item is Pair {
  return "key" in item;
}

function isScalar(node: unknown): node is { readonly value: unknown } {
  return typeof node === "object" && node !== null && "value" in node && !("key" in node);
}
