import { matchesSegments } from "./matches-segments.ts";
import { PathMatcher } from "./path-matcher.ts";

const ANY_PORT = ":0";

/**
 * Says which entries of a list of HTTP endpoints (`:port/path`) match an endpoint.
 *
 * The path's wildcards are those of `PathMatcher`; port 0 in an entry is any port. Slashes at the end do not count. The rest is as
 * `PathMatcher` says: laziness, limits, cost.
 *
 * @public
 */
export class EndpointMatcher extends PathMatcher {
  protected override kindOf(entry: string): "literal" | "pattern" | "unusable" {
    const kind = super.kindOf(entry);
    return kind === "literal" && hasAnyPort(entry) ? "pattern" : kind;
  }

  protected override prefixOf(pattern: string): string {
    return hasAnyPort(pattern) ? ":" : super.prefixOf(pattern);
  }

  protected override matchesPattern(pattern: string, prefixLength: number, endpoint: string): boolean {
    if (!hasAnyPort(pattern)) return super.matchesPattern(pattern, prefixLength, endpoint);
    const pathAt = endpoint.indexOf("/");
    const pathStart = pathAt === -1 ? endpoint.length + 1 : pathAt + 1;
    return matchesSegments(pattern, ANY_PORT.length + 1, endpoint, pathStart);
  }
}

function hasAnyPort(entry: string): boolean {
  return entry.startsWith(":0/") || entry === ANY_PORT;
}
