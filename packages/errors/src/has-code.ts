/**
 * True when the value is an object that carries this `code`, whichever copy of the library (or Node itself) made it.
 *
 * @public
 */
export function hasCode<Code extends string>(value: unknown, code: Code): value is Error & { readonly code: Code } {
  return typeof value === "object" && value !== null && (value as { code?: unknown }).code === code;
}
