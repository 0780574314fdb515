import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createError } from "@kinglet/errors";
import type { Logger } from "@kinglet/logger";
import { kingletErrors } from "../../../errors.ts";
import { loadYamlDocuments } from "../lazy.ts";
import { readRuleFile } from "./read-rule-file.ts";

/** Where what a folder of rules holds goes, each with the path that it comes from. */
export interface RuleFolderTarget {
  setRules(from: string, resource: unknown): void;
  setBinding(from: string, resource: unknown): void;
  /** A file cannot be read or is no YAML. */
  setUnusable(path: string, error: unknown): void;
  /** There is too much in the files before these. */
  setLeftOut(paths: readonly string[], error: Error): void;
  readonly logger: Pick<Logger, "warn">;
}

/** Four ConfigMaps that are full. A parser of YAML takes about a second for each, and a hundred times its size in memory for a file. */
const maxBytes = 4_194_304;
/** As many as the book of rules keeps. */
const maxRules = 5_000;
/** Documents that hold something; each time one comes all of them are looked through. */
const maxDocuments = 2_000;

/**
 * Reads the YAML and JSON files of a folder in the order of their names, and lets everything else have its turn between them.
 *
 * What all files together may hold is bounded: from the first one that is too much on they are left out and not even read.
 *
 * @param options - `signal`: ends the reading after the file that is being read.
 * @throws `KINGLET_ERR_KINGLET_RULES_DIR` for a folder that cannot be read.
 *
 * @internal
 */
export async function readRuleFolder(
  folder: string,
  to: RuleFolderTarget,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { parseYamlDocuments } = await loadYamlDocuments();
  const paths = namesIn(folder)
    .filter((name) => /\.(?:ya?ml|json)$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
  let bytes = 0;
  let rules = 0;
  let count = 0;
  for (const [index, path] of paths.entries()) {
    await turnOfOthers();
    if (signal.aborted) return;
    let documents: readonly unknown[];
    try {
      const text = readRuleFile(path);
      bytes += Buffer.byteLength(text);
      documents = bytes > maxBytes || rules >= maxRules ? [] : parseYamlDocuments(text, path);
    } catch (error) {
      to.setUnusable(path, error);
      continue;
    }
    count += documents.length;
    const bound = boundReached(bytes, rules, count);
    if (bound !== undefined) {
      const reason = `all files of ${folder} together may have ${bound}, the files before in the order of names use them up: take out what is not needed`;
      to.setLeftOut(paths.slice(index), new Error(reason));
      return;
    }
    for (const [at, document] of documents.entries()) {
      const from = documents.length === 1 ? path : `${path}#${at + 1}`;
      rules += rulesOf(document);
      handOver(document, from, to);
      await turnOfOthers();
      if (signal.aborted) return;
    }
  }
}

function turnOfOthers(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function boundReached(bytes: number, rules: number, documents: number): string | undefined {
  if (bytes > maxBytes) return `${maxBytes} bytes`;
  if (rules >= maxRules) return `${maxRules} rules`;
  return documents > maxDocuments ? `${maxDocuments} documents` : undefined;
}

function handOver(document: unknown, from: string, to: RuleFolderTarget): void {
  const kind = (document as { readonly kind?: unknown } | null)?.kind;
  if (kind === "Rules") to.setRules(from, document);
  else if (kind === "RuntimeRuleAlertBinding") to.setBinding(from, document);
  else if (document !== null) to.logger.warn("neither Rules nor a RuntimeRuleAlertBinding", { from, kind });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_RULES_DIR", { path: folder, reason }, { cause: error });
  }
}

function rulesOf(document: unknown): number {
  const { rules } = (document as { readonly spec?: { readonly rules?: unknown } | null } | null)?.spec ?? {};
  return Array.isArray(rules) ? rules.length : 0;
}
