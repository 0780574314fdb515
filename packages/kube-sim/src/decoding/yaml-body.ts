import type * as Yaml from "yaml";
import { loadYaml } from "./lazy.ts";
import { badRequest } from "../refusals/refusals.ts";
import { isTooDeep } from "../requests/nesting.ts";
import { findDuplicates } from "./find-duplicates.ts";

/** What a document with aliases may become, characters of JSON. */
const MAX_EXPANDED = 3_145_728;

/** A body that may be YAML; JSON is YAML too. */
export interface YamlBody {
  readonly value: unknown;
  /** Names that a map has twice, in the words of the server's parser: `line 3: key "a" already set in map`. */
  readonly duplicates: readonly string[];
}

/** Text that is no YAML; the message is close to the server's. Never leaves the package. */
export class MalformedYaml extends Error {}

/**
 * Parses YAML as the API server does: version 1.1, times stay text, of doubled names the last one counts. Text that is JSON is
 * parsed as such, without loading the YAML parser unless it has doubled names.
 *
 * @throws MalformedYaml
 */
export async function parseYamlBody(text: string): Promise<YamlBody> {
  try {
    return await parseYaml(text);
  } catch (error) {
    if (error instanceof MalformedYaml) throw error;
    // What the parser gives up on: aliases that multiply or lead nowhere, and nesting that it cannot follow.
    const why = error instanceof RangeError ? "exceeded max depth" : (error as Error).message.split("\n", 1)[0];
    throw new MalformedYaml(`error converting YAML to JSON: yaml: ${why}`, { cause: error });
  }
}

async function parseYaml(text: string): Promise<YamlBody> {
  try {
    const value: unknown = JSON.parse(text);
    if (findDuplicates(text).length === 0) return { value, duplicates: [] };
  } catch {
    // Not JSON: the YAML parser decides.
  }
  const yaml = await loadYaml();
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    version: "1.1",
    merge: true,
    uniqueKeys: false,
    lineCounter: lines,
    customTags: (tags) => tags.filter((tag) => !isUnwanted(tag)),
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    throw new MalformedYaml(`error converting YAML to JSON: yaml: line ${line}: ${error.message.split("\n")[0] ?? ""}`);
  }
  const duplicates: string[] = [];
  yaml.visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!yaml.isScalar(key)) continue;
        const name = String(key.value);
        const { line } = lines.linePos(key.range?.[0] ?? 0);
        if (seen.has(name)) duplicates.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        seen.add(name);
      }
    },
  });
  const value = (document.toJS() as unknown) ?? null;
  // Aliases share what they name until the value is written out.
  const isBomb = text.includes("*") && JSON.stringify(value).length > MAX_EXPANDED;
  if (isBomb) throw new MalformedYaml("error converting YAML to JSON: yaml: document contains excessive aliasing");
  if (isTooDeep(value)) throw new MalformedYaml("error converting YAML to JSON: yaml: exceeded max depth");
  return { value, duplicates };
}

/** Times and base-60 numbers, which the server's parser leaves as text. */
function isUnwanted(tag: Yaml.Tags[number]): boolean {
  if (typeof tag === "string") return tag === "timestamp" || tag === "intTime" || tag === "floatTime";
  return tag.tag === "tag:yaml.org,2002:timestamp" || ("format" in tag && tag.format === "TIME");
}

/**
 * Turns a body in YAML into one in JSON, for what reads only JSON; other media types pass unchanged.
 *
 * @throws ApiRefusal 400 for text that is no YAML
 */
export async function toJsonBody(text: string, mediaType: string): Promise<{ text: string; mediaType: string }> {
  if (mediaType !== "application/yaml") return { text, mediaType };
  try {
    const { value } = await parseYamlBody(text);
    return { text: JSON.stringify(value), mediaType: "application/json" };
  } catch (error) {
    if (error instanceof MalformedYaml) throw badRequest(error.message);
    throw error;
  }
}
