/** What newer engines tell a reviver about a primitive; `source` is its text. */
interface ReviverContext {
  readonly source?: string;
}

/**
 * `JSON.parse` that gives whole numbers beyond 2^53 as their digits in a text, because a number would be another one: Falco writes times in nanoseconds.
 *
 * @throws SyntaxError
 * @internal
 */
export function parseExact(text: string): unknown {
  const revive = (_name: string, value: unknown, context?: ReviverContext): unknown =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? context?.source
      : value;
  return JSON.parse(text, revive) as unknown;
}
