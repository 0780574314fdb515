import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { EndpointMatcher } from "./endpoint-matcher.ts";
import { matchesObviously } from "../../test/matches-obviously.ts";

function endpointMatchesObviously(entry: string, endpoint: string): boolean {
  const anyPort = entry.startsWith(":0/") || entry === ":0";
  if (!anyPort) return matchesObviously(entry, endpoint);
  if (!endpoint.startsWith(":")) return false;
  const slash = endpoint.indexOf("/");
  return matchesObviously(`:0${entry.slice(2)}`, `:0${slash === -1 ? "" : endpoint.slice(slash)}`);
}

const anyEndpoint = fc
  .tuple(
    fc.constantFrom(":80", ":0", ":8080", "", "http:"),
    fc.array(fc.constantFrom("a", "b", "*", "⋯", ""), { maxLength: 4 }),
  )
  .map(([port, segments]) => [port, ...segments].join("/"));

describe("EndpointMatcher", () => {
  it("answers as the obvious version does", () => {
    fc.assert(
      fc.property(
        fc.array(anyEndpoint, { maxLength: 8 }),
        fc.array(anyEndpoint, { maxLength: 6 }),
        (entries, values) => {
          const matcher = new EndpointMatcher(entries);
          for (const value of values) {
            const expected = entries.findIndex((entry) => endpointMatchesObviously(entry, value));
            expect(matcher.nextMatch(value, 0)).toBe(expected);
            expect(matcher.matches(value)).toBe(expected !== -1);
          }
        },
      ),
      { seed: 1, numRuns: 3_000 },
    );
  });

  it("takes any port for port 0, and only for port 0 [profile endpoints]", () => {
    const matcher = new EndpointMatcher([":0/health", ":0/v1/⋯", ":80/"]);
    expect(matcher.matches(":8080/health")).toBe(true);
    expect(matcher.matches(":9/v1/users")).toBe(true);
    expect(matcher.matches(":80")).toBe(true);
    expect(matcher.matches(":81/")).toBe(false);
    expect(matcher.matches("/health")).toBe(false);
    expect(matcher.matches("")).toBe(false);
  });

  it("says which entries match, so that methods can be asked for", () => {
    const matcher = new EndpointMatcher([":80/a", ":80/⋯", ":0/*"]);
    expect(matcher.nextMatch(":80/a", 0)).toBe(0);
    expect(matcher.nextMatch(":80/a", 1)).toBe(1);
    expect(matcher.nextMatch(":80/a", 2)).toBe(2);
    expect(matcher.nextMatch(":80/a", 3)).toBe(-1);
  });
});
