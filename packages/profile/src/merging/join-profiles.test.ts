import { hasCode } from "@kinglet/errors";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anyConfiguration, anyProfile } from "../../test/any-profile.ts";
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

describe("joinProfiles", () => {
  it("is commutative, with collapsing on [profile join]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyConfiguration, (left, right, collapse) => {
        expect(joinProfiles(left, right, { collapse })).toEqual(joinProfiles(right, left, { collapse }));
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it("is associative, with collapsing on [profile join]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyProfile, anyConfiguration, (a, b, c, collapse) => {
        const join = (left: ContainerProfile, right: ContainerProfile) => joinProfiles(left, right, { collapse });
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)));
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });

  it("is idempotent on what it makes, and makes the collapsed union [profile join]", () => {
    fc.assert(
      fc.property(anyProfile, anyProfile, anyConfiguration, (left, right, collapse) => {
        const joined = joinProfiles(left, right, { collapse });
        expect(joinProfiles(joined, joined, { collapse })).toEqual(joined);
        expect(joinProfiles(joined, left, { collapse })).toEqual(joined);
        expect(joined.spec).toEqual(
          joinProfiles(collapseProfile(left, collapse), collapseProfile(right, collapse), { collapse }).spec,
        );
        expect(joinProfiles(left, left, { collapse }).spec).toEqual(collapseProfile(left, collapse).spec);
      }),
      { seed: 3, numRuns: 400 },
    );
  });

  it("ends at the same profile in any order, grouping and number of repetitions [profile join]", () => {
    const plan = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(anyProfile, { minLength: 2, maxLength: 5 }),
        plan,
        anyConfiguration,
        (parts, steps, collapse) => {
          const join = (left: ContainerProfile, right: ContainerProfile) => joinProfiles(left, right, { collapse });
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
        },
      ),
      { seed: 4, numRuns: 300 },
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
    expect(statusOf(lifecycle("completed", "complete"), lifecycle("too-large", "partial"))).toEqual({
      status: "too-large",
      completion: "complete",
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
