import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anyConfiguration, anyKeepPaths, anyProfile } from "../../test/any-profile.ts";
import type { ContainerProfile } from "../container-profile.ts";
import { EndpointMatcher } from "../matching/endpoint-matcher.ts";
import { PathMatcher } from "../matching/path-matcher.ts";
import { parseContainerProfile } from "../parse-container-profile.ts";
import { defaultCollapseConfiguration, type CollapseConfiguration } from "./collapse-configuration.ts";
import { collapseProfile } from "./collapse-profile.ts";
import { joinProfiles } from "./join-profiles.ts";

function profileOf(spec: unknown): ContainerProfile {
  return parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec });
}

function collapseOpens(
  paths: readonly string[],
  configuration: CollapseConfiguration = defaultCollapseConfiguration,
  keepPaths?: ReadonlySet<string>,
): readonly string[] {
  const profile = profileOf({ opens: paths.map((path) => ({ path, flags: ["O_RDONLY"] })) });
  return collapseProfile(profile, configuration, { keepPaths }).spec.opens.map((open) => open.path);
}

const many = (count: number, make: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => make(index));
const withThreshold = (threshold: number, prefixes: Record<string, number> = {}): CollapseConfiguration => ({
  openDynamicThreshold: threshold,
  endpointDynamicThreshold: threshold,
  collapseConfigs: Object.entries(prefixes).map(([prefix, own]) => ({ prefix, threshold: own })),
});

/** Every file that the one allows, the other allows with these flags too. */
function allowsAllOf(wide: ContainerProfile, narrow: ContainerProfile): boolean {
  const opens = new PathMatcher(wide.spec.opens.map((open) => open.path));
  const endpoints = new EndpointMatcher(wide.spec.endpoints.map((endpoint) => endpoint.endpoint));
  // A wildcard is a segment like another here: a pattern that covers it covers what it stands for.
  return (
    narrow.spec.opens.every((open) => {
      for (let at = opens.nextMatch(open.path, 0); at !== -1; at = opens.nextMatch(open.path, at + 1)) {
        if (open.flags.every((flag) => wide.spec.opens[at]!.flags.includes(flag))) return true;
      }
      return false;
    }) &&
    narrow.spec.endpoints.every((endpoint) => {
      const { endpoint: text } = endpoint;
      for (let at = endpoints.nextMatch(text, 0); at !== -1; at = endpoints.nextMatch(text, at + 1)) {
        const known = wide.spec.endpoints[at]!;
        const isSame = known.direction === endpoint.direction && known.internal === endpoint.internal;
        if (isSame && endpoint.methods.every((method) => known.methods.includes(method))) return true;
      }
      return false;
    })
  );
}

describe("collapseProfile", () => {
  it("is idempotent, value for value [profile closure] [profile kept]", () => {
    fc.assert(
      fc.property(anyProfile, anyConfiguration, anyKeepPaths, (profile, configuration, keepPaths) => {
        const collapsed = collapseProfile(profile, configuration, { keepPaths });
        expect(collapseProfile(collapsed, configuration, { keepPaths })).toEqual(collapsed);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it("is extensive: everything that was allowed stays allowed [profile closure] [profile kept]", () => {
    fc.assert(
      fc.property(anyProfile, anyConfiguration, anyKeepPaths, (profile, configuration, keepPaths) => {
        expect(allowsAllOf(collapseProfile(profile, configuration, { keepPaths }), profile)).toBe(true);
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });

  it("is monotone: more content never allows less [profile closure] [profile kept]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyConfiguration, anyKeepPaths, (small, added, collapse, keepPaths) => {
        const large = joinProfiles(small, added, { collapse, keepPaths });
        expect(allowsAllOf(large, collapseProfile(small, collapse, { keepPaths }))).toBe(true);
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it("does not depend on the order of the paths", () => {
    fc.assert(
      fc.property(anyProfile, anyConfiguration, anyKeepPaths, (profile, configuration, keepPaths) => {
        const { spec } = profile;
        const reversed = { ...profile, spec: { ...spec, opens: spec.opens.toReversed() } };
        const collapse = (of: ContainerProfile) => collapseProfile(of, configuration, { keepPaths });
        expect(collapse(reversed)).toEqual(collapse(profile));
      }),
      { seed: 4, numRuns: 400 },
    );
  });

  it("loses no flag where a kept path is what others collapse to, and takes later files all the same [profile kept]", () => {
    const open = (path: string, flag: string) => ({ path, flags: [flag] });
    const three = ["a", "b", "c"].map((name) => open(`/data/${name}`, "O_WRONLY"));
    const options = { collapse: withThreshold(2), keepPaths: new Set(["/data/⋯", "/data/a"]) };
    const first = profileOf({ opens: [open("/data/⋯", "O_RDONLY"), ...three, open("/data/d", "O_WRONLY")] });
    const joined = joinProfiles(first, profileOf({ opens: [open("/data/e", "O_EXCL")] }), options);
    expect(joined.spec.opens).toEqual([
      { path: "/data/a", flags: ["O_WRONLY"] },
      { path: "/data/⋯", flags: ["O_EXCL", "O_RDONLY", "O_WRONLY"] },
    ]);
  });

  it("keeps a file under each way to write it, always as one [profile kept]", () => {
    const keepPaths = new Set(["/data/a"]);
    const opens = ["/data/a/", "/data/a", "/data/b", "/data/c", "/data/d"];
    expect(collapseOpens(opens, withThreshold(2), keepPaths)).toEqual(["/data/a", "/data/⋯"]);
  });

  it("turns more distinct children than the threshold into one segment, and unites the flags", () => {
    const opens = many(51, (index) => `/data/${index}/log`).map((path, index) => ({
      path,
      flags: [index % 2 === 0 ? "O_RDONLY" : "O_WRONLY"],
    }));
    const collapse = (count: number) =>
      collapseProfile(profileOf({ opens: opens.slice(0, count) }), defaultCollapseConfiguration).spec.opens;
    expect(collapse(50)).toHaveLength(50);
    expect(collapse(51)).toEqual([{ path: "/data/⋯/log", flags: ["O_RDONLY", "O_WRONLY"] }]);
  });

  it("uses the threshold of the longest prefix that ends at a segment boundary [profile thresholds]", () => {
    expect(collapseOpens(many(100, (index) => `/etc/${index}`))).toHaveLength(100);
    expect(collapseOpens(many(101, (index) => `/etc/${index}`))).toEqual(["/etc/⋯"]);
    expect(collapseOpens(many(51, (index) => `/etc/apache2/${index}`))).toEqual(["/etc/apache2/⋯"]);
    expect(collapseOpens(many(51, (index) => `/etcd/${index}`))).toEqual(["/etcd/⋯"]);
  });

  it("turns two wildcards in a row into any number of segments and keeps the last one", () => {
    const grid = many(9, (index) => `/data/${index % 3}/${Math.trunc(index / 3)}/deep/index.html`);
    expect(collapseOpens(grid, withThreshold(2))).toEqual(["/data/*/index.html"]);
    expect(collapseOpens([...grid, "/data/x/favicon.ico"], withThreshold(2))).toEqual([
      "/data/*/favicon.ico",
      "/data/*/index.html",
    ]);
    expect(collapseOpens([...grid, "/data/x/1", "/data/x/2"], withThreshold(2))).toEqual(["/data/*"]);
  });

  it("takes everything below a directory whose threshold is 1, but not the directory [profile thresholds]", () => {
    const configuration = withThreshold(50, { "/instant": 1 });
    expect(collapseOpens(["/instant/only/child"], configuration)).toEqual(["/instant/*"]);
    expect(collapseOpens(["/instant", "/instantly/a"], configuration)).toEqual(["/instant", "/instantly/a"]);
  });

  it("lets a pattern that is there take the paths beside it", () => {
    expect(collapseOpens(["/proc/⋯/stat", "/proc/7/maps", "/proc/8/stat"])).toEqual(["/proc/⋯/maps", "/proc/⋯/stat"]);
    expect(collapseOpens(["/srv/*", "/srv/a/b", "/srv"])).toEqual(["/srv", "/srv/*"]);
  });

  it("never collapses files that are to be kept [profile thresholds]", () => {
    const paths = many(60, (index) => `/usr/lib/${index}`);
    expect(collapseOpens(paths, defaultCollapseConfiguration, new Set(paths.slice(0, 2)))).toEqual([
      "/usr/lib/0",
      "/usr/lib/1",
      "/usr/lib/⋯",
    ]);
  });

  it("leaves relative paths and paths of more than 255 segments as they are", () => {
    const deep = many(3, (index) => `/${"a/".repeat(300)}${index}`);
    expect(collapseOpens([...deep, "b", "c", "memfd:x"], withThreshold(1))).toHaveLength(6);
  });

  it("collapses endpoints by port, direction and place, with a threshold of 100 and no prefixes", () => {
    const users = many(101, (index) => `:80/users/${index}`);
    const endpoints = [...users, ...many(50, (index) => `:81/users/${index}`)].map((endpoint, index) => ({
      endpoint,
      methods: [index === 0 ? "POST" : "GET"],
      direction: "inbound",
      headers: { Host: [index < 2 ? `h${index}` : "h0"] },
    }));
    const result = collapseProfile(profileOf({ endpoints }), defaultCollapseConfiguration).spec.endpoints;
    expect(result).toHaveLength(51);
    expect(result[0]).toEqual({
      endpoint: ":80/users/⋯",
      methods: ["GET", "POST"],
      internal: false,
      direction: "inbound",
      headers: { Host: ["h0", "h1"] },
    });
  });

  it("copes with many paths that share everything but one segment, at every depth", () => {
    const paths = many(20_000, (index) => `/a/${index % 100}/${Math.trunc(index / 100)}/c`);
    expect(collapseOpens(paths)).toEqual(["/a/*/c"]);
  });
});
