import { isWildcardPath, PathMatcher } from "@kinglet/profile/matching";
import { DnsEvent } from "@kinglet/enrichment";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, open, testTimings } from "../test/learner-bench.ts";

const dns = (name: string): DnsEvent => new DnsEvent({ sequence: 1, name });

describe("isWildcardPath", () => {
  it("is true of every path that would allow another one [learning patterns]", () => {
    const path = fc
      .array(fc.constantFrom("a", "b", "*", "a*", "**", "\u22ef", ""), { minLength: 1, maxLength: 4 })
      .map((segments) => `/${segments.join("/")}`);
    fc.assert(
      fc.property(path, path, (entry, other) => {
        const simple = (text: string): string => text.replaceAll(/\/+/g, "/").replace(/\/$/, "");
        const allows = new PathMatcher([entry]).matches(other) && simple(entry) !== simple(other);
        if (allows) expect(isWildcardPath(entry)).toBe(true);
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(["/bin/a*", "/a/**/b", "/usr/bin/[", "/srv/x.y"].filter((one) => isWildcardPath(one))).toEqual([]);
  });
});

describe("names that a container chose so that a profile would read them as patterns", () => {
  it.each([
    ["a program", exec("/*", "x")],
    ["a program in any directory", exec("/\u22ef/\u22ef", "x")],
    ["an argument", exec("/bin/sh", "-c", "\u22ef\u22ef")],
    ["a file", open("/*")],
    ["a file of a directory", open("/etc/\u22ef")],
    ["a name that is looked up", dns("*.example.com.")],
    ["a name with any label", dns("\u22ef.example.com.")],
    ["a name with anything behind", dns("example.*")],
  ])("are not learned, and the profile says that it is partial: %s [learning patterns]", async (_what, event) => {
    await using bench = await LearnerBench.open();
    const web = bench.start("a");
    bench.record(web, exec("/bin/a", "-x"), open("/etc/hosts"), dns("api.example.com."), event);
    await bench.clock.advance(testTimings.maxLearningMs);
    const { spec, metadata } = bench.store.get("p")!;
    expect(spec.execs.map(({ path }) => path)).toEqual(["/bin/a"]);
    expect(spec.opens.map(({ path }) => path)).toEqual(["/etc/hosts"]);
    expect(spec.egress.map(({ dnsNames }) => dnsNames)).toEqual([["api.example.com."]]);
    expect(metadata.annotations?.["kubescape.io/completion"]).toBe("partial");
    expect(bench.view(web)?.reason).toContain("it used a name that would allow others");
  });
});
