import type { Comparator } from "./parsed-value.ts";

/** Takes a comparator and the blanks after it off the front; without one it is `=` and the text is left alone. @internal */
export function readComparator(value: string): { readonly comparator: Comparator; readonly rest: string } {
  for (const comparator of ["<=", ">=", "<", ">"] as const) {
    if (value.startsWith(comparator)) return { comparator, rest: value.slice(comparator.length).trimStart() };
  }
  return { comparator: "=", rest: value.trimStart() };
}
