import type { Environment } from "@marcbachmann/cel-js";

import { formatText } from "./format-text.ts";

/** Longest text that `replace` and `format` may make, UTF-16 units. */
const maxText = 65_536;

/**
 * The functions of CEL's string extension that the library lacks: `charAt`, `format`, `reverse`, and `replace` with and without a count.
 *
 * @internal
 */
export function registerStringFunctions(environment: Environment): void {
  environment.registerFunction("string.charAt(int): string", (text: string, at: bigint) => {
    if (at < 0n || at > BigInt(text.length)) throw new RangeError(`charAt: ${at} is outside the text`);
    return text.charAt(Number(at));
  });
  environment.registerFunction("string.format(list): string", (text: string, values: readonly unknown[]) =>
    formatText(text, values, maxText),
  );
  environment.registerFunction("string.reverse(): string", (text: string) => Array.from(text).reverse().join(""));
  environment.registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) =>
    replaceTimes(text, from, to, Number.POSITIVE_INFINITY),
  );
  environment.registerFunction(
    "string.replace(string, string, int): string",
    (text: string, from: string, to: string, count: bigint) =>
      replaceTimes(text, from, to, count < 0n ? Number.POSITIVE_INFINITY : Number(count)),
  );
}

function replaceTimes(text: string, from: string, to: string, times: number): string {
  // Nothing is found before every character and at the end, as Go's strings.Replace has it.
  const parts = from === "" ? ["", ...Array.from(text), ""] : text.split(from);
  if (parts.length - 1 > times) parts.push(parts.splice(times).join(from));
  const length = text.length + (parts.length - 1) * Math.max(0, to.length - from.length);
  if (length > maxText) throw new RangeError(`replace: the text would have more than ${maxText} characters`);
  return parts.join(to);
}
