import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AppletContext } from "../../applet-context.ts";

/** Bytes that are read of one input. */
const maxBytes = 67_108_864;

/** A text and where it came from. */
export interface Input {
  /** As the user named it, or the file of the folder that was named; `standard input`. */
  readonly name: string;
  readonly text: string;
}

/** An input that cannot be read: one line for the user. */
export class InputProblem extends Error {}

/**
 * Reads what the arguments name: files, folders (their .yaml, .yml and .json files, sorted, no sub-folders), `-`.
 *
 * @throws InputProblem for what is not there, not readable, empty of such files or larger than 64 MiB.
 */
export async function readInputs(names: readonly string[], { process }: AppletContext): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  for (const name of names) {
    if (name === "-") inputs.push({ name: "standard input", text: await readStream(process.stdin) });
    else for (const path of expand(name)) inputs.push({ name: path, text: readFile(path) });
  }
  return inputs;
}

function expand(name: string): readonly string[] {
  try {
    if (!statSync(name).isDirectory()) return [name];
    const files = readdirSync(name).filter((file) => /\.(?:ya?ml|json)$/i.test(file));
    if (files.length > 0) return files.toSorted().map((file) => join(name, file));
  } catch (error) {
    throw unreadable(name, error);
  }
  throw new InputProblem(`${name}: the folder has no .yaml, .yml or .json file`);
}

function readFile(path: string): string {
  try {
    if (statSync(path).size > maxBytes) throw new InputProblem(`${path}: larger than ${maxBytes} bytes`);
    return decode(readFileSync(path), path);
  } catch (error) {
    throw error instanceof InputProblem ? error : unreadable(path, error);
  }
}

async function readStream(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > maxBytes) throw new InputProblem(`standard input: larger than ${maxBytes} bytes`);
    chunks.push(buffer);
  }
  return decode(Buffer.concat(chunks), "standard input");
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputProblem(`${name}: not UTF-8`, { cause: error });
  }
}

function unreadable(name: string, cause: unknown): InputProblem {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const reasons: Readonly<Record<string, string>> = { ENOENT: "there is no such file", EACCES: "may not be read" };
  return new InputProblem(`${name}: ${reasons[code] ?? `cannot be read (${code})`}`, { cause });
}
