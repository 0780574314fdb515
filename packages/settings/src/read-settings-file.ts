import { loadYaml } from "./lazy.ts";

/**
 * The top level of a settings file; whatever is wrong with the file becomes a problem, and the rest goes on without it.
 *
 * JSON is tried first: it needs no library.
 */
export async function readSettingsFile(
  path: string,
  readFile: (path: string, maxBytes: number, signal?: AbortSignal) => Promise<string>,
  maxBytes: number,
  problems: string[],
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(path, maxBytes, signal);
  } catch (error) {
    signal?.throwIfAborted();
    problems.push(`--config: ${firstLine(error)}`);
    return {};
  }
  let content: unknown;
  try {
    content = tryParseJson(text) ?? (await loadYaml()).parseYaml(text);
  } catch (error) {
    problems.push(`--config: ${path} is neither JSON nor YAML: ${firstLine(error)}`);
    return {};
  }
  if (content === null || content === undefined) return {};
  if (typeof content === "object" && !Array.isArray(content)) return content as Record<string, unknown>;
  problems.push(`--config: ${path} must hold keys and values at its top level`);
  return {};
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Most settings files are YAML; that parser says what is wrong.
    return undefined;
  }
}

function firstLine(error: unknown): string {
  const [line = ""] = (error as Error).message.split("\n");
  return line.slice(0, 300);
}
