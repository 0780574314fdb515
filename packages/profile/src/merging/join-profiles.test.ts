import { hasCode } from "@kinglet/errors";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anyConfiguration, anyKeepPaths, anyProfile } from "../../test/any-profile.ts";
import { checksum } from "../checksum.ts";
import type { ContainerProfile } from "../container-profile.ts";
import { freezeProfile } from "../freeze-profile.ts";
import { parseContainerProfile } from "../parse-container-profile.ts";
import { profileStatus } from "../profile-status.ts";
import { collapseProfile } from "./collapse-profile.ts";
import { joinProfiles } from "./join-profiles.ts";

const profileOf = (annotations: Record<string, string>, spec: unknown = {}, name = "web"): ContainerProfile =>
  parseContainerProfile({ metadata: { name, namespace: "shop", resourceVersion: "7", uid: "u", annotations }, spec });
const lifecycle = (status: string, completion: string): ContainerProfile =>
  profileOf({ "kubescape.io/status": status, "kubescape.io/completion": completion });

const anyOptions = fc.record({ collapse: anyConfiguration, keepPaths: anyKeepPaths });

describe("joinProfiles", () => {
  it("is commutative, with collapsing on and files kept [profile join] [profile kept]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyOptions, (left, right, options) => {
        expect(joinProfiles(left, right, options)).toEqual(joinProfiles(right, left, options));
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it("is associative, with collapsing on and files kept [profile join] [profile kept]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyProfile, anyOptions, (a, b, c, options) => {
        const join = (left: ContainerProfile, right: ContainerProfile) => joinProfiles(left, right, options);
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)));
      }),
      { seed: 2, numRuns: 2_000 },
    );
  });

  it("is idempotent on what it makes, and makes the collapsed union [profile join] [profile kept]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyOptions, (left, right, options) => {
        const { collapse, keepPaths } = options;
        const collapsed = (profile: ContainerProfile) => collapseProfile(profile, collapse, { keepPaths });
        const joined = joinProfiles(left, right, options);
        expect(joinProfiles(joined, joined, options)).toEqual(joined);
        expect(joinProfiles(joined, left, options)).toEqual(joined);
        expect(joined.spec).toEqual(joinProfiles(collapsed(left), collapsed(right), options).spec);
        expect(joinProfiles(left, left, options).spec).toEqual(collapsed(left).spec);
      }),
      { seed: 3, numRuns: 800 },
    );
  });

  it("unites the surfaces that were looked at; a learner that does not say looked at everything [profile observed]", () => {
    const looked = (text: string | undefined, status: string | undefined = "ready"): ContainerProfile =>
      profileOf({
        ...(status === undefined ? {} : { "kubescape.io/status": status }),
        ...(text === undefined ? {} : { "kinglet.dev/observed-surfaces": text }),
      });
    const observed = (left: ContainerProfile, right: ContainerProfile): string | undefined =>
      joinProfiles(left, right).metadata.annotations?.["kinglet.dev/observed-surfaces"];
    expect(observed(looked("execs,opens"), looked("execs,syscalls", "completed"))).toBe("execs,opens,syscalls");
    expect(observed(looked("execs"), looked(undefined))).toBeUndefined();
    // What was not learned, as what a store puts in the place of something too large, says nothing.
    expect(observed(looked("execs"), profileOf({ other: "1" }))).toBe("execs");
  });

  it("ends at the same profile in any order, grouping and number of repetitions [profile join] [profile kept]", () => {
    const plan = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 });
    const anyParts = fc.array(anyProfile, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(anyParts, plan, anyOptions, (parts, steps, options) => {
        const join = (left: ContainerProfile, right: ContainerProfile) => joinProfiles(left, right, options);
        const expected = parts.reduce(join);
        // Each writer joins what another one has at that moment; at the end all are joined.
        const writers = [...parts];
        for (const [to, from] of steps) {
          const at = to % writers.length;
          writers[at] = join(writers[at]!, writers[from % writers.length]!);
        }
        const result = writers.toReversed().reduce(join);
        expect(result).toEqual(expected);
        expect(checksum(result)).toBe(checksum(expected));
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it("changes nothing that was given", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, (left, right) => {
        joinProfiles(freezeProfile(left), freezeProfile(right));
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  it("takes the higher status and the higher completion, whichever side has it [profile status]", () => {
    const statusOf = (left: ContainerProfile, right: ContainerProfile) => profileStatus(joinProfiles(left, right));
    expect(statusOf(lifecycle("initializing", "partial"), lifecycle("ready", ""))).toEqual({
      status: "ready",
      completion: "partial",
    });
    expect(statusOf(lifecycle("completed", "partial"), lifecycle("ready", "complete"))).toEqual({
      status: "completed",
      completion: "complete",
    });
    for (const status of ["initializing", "ready", "completed"]) {
      // Whether something is too large says whoever writes it, each time anew.
      expect(statusOf(lifecycle(status, "complete"), lifecycle("too-large", "partial"))).toEqual({
        status,
        completion: "complete",
      });
    }
    expect(statusOf(lifecycle("too-large", "partial"), lifecycle("failed", ""))).toEqual({
      status: "too-large",
      completion: "partial",
    });
    expect(statusOf(lifecycle("failed", ""), lifecycle("initializing", ""))).toEqual({
      status: "initializing",
      completion: "",
    });
    expect(profileStatus(joinProfiles(profileOf({}), profileOf({})))).toEqual({ status: "", completion: "" });
  });

  it("leaves out what only a stored object has", () => {
    const joined = joinProfiles(profileOf({ "kubescape.io/sync-checksum": "1" }), profileOf({ a: "1" }));
    expect(joined.metadata).toEqual({ name: "web", namespace: "shop", annotations: { a: "1" } });
  });

  it("keeps peers apart that differ in more than names, addresses and ports", () => {
    const peer = { identifier: "p", type: "external", ports: [{ name: "TCP-1", protocol: "TCP", port: 1 }] };
    const left = profileOf({}, { egress: [{ ...peer, dnsNames: ["b."] }] });
    const right = profileOf(
      {},
      {
        egress: [
          { ...peer, dnsNames: ["a."] },
          { ...peer, type: "internal" },
        ],
      },
    );
    const { egress } = joinProfiles(left, right).spec;
    expect(egress.map((item) => [item.type, item.dnsNames])).toEqual([
      ["external", ["a.", "b."]],
      ["internal", []],
    ]);
  });

  it("refuses profiles of different names", () => {
    expect(() => joinProfiles(profileOf({}), profileOf({}, {}, "other"))).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_PROFILE_OTHER_OBJECT" }),
    );
    try {
      joinProfiles(profileOf({}), profileOf({}, {}, "other"));
    } catch (error) {
      expect(hasCode(error, "KINGLET_ERR_PROFILE_OTHER_OBJECT")).toBe(true);
    }
  });
});
