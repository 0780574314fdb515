/** The slow, obvious version: every way to spread a star over the segments. */
export function matchesObviously(pattern: string, path: string): boolean {
  if (pattern === "" || path === "") return false;
  const split = (text: string): string[] => text.replace(/\/+$/, "").split("/");
  const match = (expected: readonly string[], actual: readonly string[]): boolean => {
    const [first, ...rest] = expected;
    if (first === undefined) return actual.length === 0;
    if (first === "*" && rest.length === 0) return actual.length > 0;
    if (first === "*") return actual.some((_, at) => match(rest, actual.slice(at)));
    if (actual.length === 0) return false;
    return (first === "⋯" || first === actual[0]) && match(rest, actual.slice(1));
  };
  return match(split(pattern), split(path));
}
