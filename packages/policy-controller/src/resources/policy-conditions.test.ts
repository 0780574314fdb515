import { array, assert, constantFrom, integer, option, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";
import type { ControlledObject } from "./controlled-resource.ts";
import { wantedStatus } from "./policy-conditions.ts";
import type { ResourceRecord } from "./resource-book.ts";

interface Entry {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

const start = Date.parse("2026-11-21T00:00:00Z");
const own = ["CentralDataFresh", "PolicyValidated", "AcceptedByCentral"];
const valid = { isValid: true, claimedName: "one", message: "" };

const recordOf = (judgement: ResourceRecord["judgement"], nameTakenBy?: string): ResourceRecord => ({
  version: "1",
  judgement,
  inForce: undefined,
  isJudged: true,
  versionInForce: judgement.isValid ? "1" : undefined,
  nameTakenBy,
});
const objectOf = (conditions: unknown, generation = 1, policyId: unknown = "uid"): ControlledObject => ({
  metadata: { name: "one", namespace: "kinglet", uid: "uid", resourceVersion: "1", generation },
  status: { policyId, conditions },
});
const wanted = (
  conditions: unknown,
  options: {
    judgement?: ResourceRecord["judgement"];
    isPublished?: boolean;
    atMs?: number;
    generation?: number;
    problem?: string;
  } = {},
): readonly Entry[] | undefined =>
  wantedStatus(objectOf(conditions, options.generation), recordOf(options.judgement ?? valid), {
    isPublished: options.isPublished ?? true,
    bundleProblem: options.problem ?? "",
    nowMs: options.atMs ?? start,
  })?.conditions as readonly Entry[] | undefined;

describe("wantedStatus", () => {
  it("[operator 9.2 one-per-type] has each type once, moves a time exactly when its status flips, and never backwards", () => {
    const step = record({
      judgement: constantFrom(
        valid,
        { isValid: false, claimedName: undefined, message: "wrong" },
        { ...valid, message: "a remark" },
      ),
      isPublished: constantFrom(true, false),
      problem: constantFrom("", "no room"),
      generation: integer({ min: 1, max: 9 }),
      passMs: integer({ min: 0, max: 5000 }),
    });
    assert(
      property(array(step, { maxLength: 30 }), (steps) => {
        let conditions: readonly Entry[] = [];
        let atMs = start;
        for (const { passMs, ...rest } of steps) {
          atMs += passMs;
          const before = conditions;
          conditions = wanted(conditions, { ...rest, atMs }) ?? conditions;
          expect(conditions.map(({ type }) => type).toSorted()).toEqual(own.toSorted());
          for (const { type, status, lastTransitionTime } of conditions) {
            const former = before.find((one) => one.type === type);
            if (former === undefined) continue;
            if (former.status === status) expect(lastTransitionTime).toBe(former.lastTransitionTime);
            else expect(Date.parse(lastTransitionTime)).toBe(Math.floor(atMs / 1000) * 1000);
            expect(lastTransitionTime >= former.lastTransitionTime).toBe(true);
          }
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("[operator 9.2 steady] asks for no write in 10,000 reconciles of a resource that does not change", () => {
    const conditions = wanted([]);
    let writes = 0;
    for (let at = 0; at < 10_000; at += 1) {
      if (wanted(conditions, { atMs: start + at * 1000 }) !== undefined) writes += 1;
    }
    expect(writes).toBe(0);
  });

  it("[operator 9.2 duplicates] folds 300 duplicates at the first write, the newest stays", () => {
    const duplicates = Array.from({ length: 300 }, (_, at) => ({
      type: at % 2 === 0 ? "PolicyValidated" : "Foreign",
      status: "True",
      reason: "Valid",
      message: at % 2 === 0 ? "" : String(at),
      lastTransitionTime: new Date(start + at * 1000).toISOString().replace(".000", ""),
    }));
    const conditions = wanted(duplicates) ?? [];
    expect(conditions.map(({ type }) => type)).toEqual([
      "PolicyValidated",
      "Foreign",
      "CentralDataFresh",
      "AcceptedByCentral",
    ]);
    expect(conditions[0]?.lastTransitionTime).toBe(duplicates[298]?.lastTransitionTime);
    expect(conditions[1]?.message).toBe("299");
    expect(wanted(conditions)).toBeUndefined();
  });

  it("[operator 9.2 foreign] keeps what others wrote, byte for byte and in its place", () => {
    const foreign = { type: "example.org/Reviewed", status: "Maybe", by: { name: "somebody" } };
    const conditions = wanted([
      foreign,
      { type: "PolicyValidated", status: "False", lastTransitionTime: "2026-01-01T00:00:00Z" },
    ]);
    expect(conditions?.[0]).toBe(foreign);
    expect(conditions?.[1]).toMatchObject({ type: "PolicyValidated", status: "True" });
    expect(conditions).toHaveLength(4);
  });

  it("[operator 9.2 malformed] keeps entries that are none, without a fault, and stays bounded", () => {
    const anything = option(
      constantFrom<unknown>(
        7,
        "text",
        [],
        {},
        { type: 7 },
        { type: null },
        { type: "AcceptedByCentral", status: 3, reason: {}, message: [] },
      ),
    );
    assert(
      property(array(anything, { maxLength: 100 }), string(), (entries, message) => {
        const conditions = wanted(entries, { judgement: { ...valid, message } }) ?? [];
        const strange = entries.filter((entry) => (entry as { type?: unknown } | null)?.type !== "AcceptedByCentral");
        expect(conditions.length).toBeLessThanOrEqual(67);
        expect(conditions.filter((one) => !own.includes((one as Entry | null)?.type ?? ""))).toEqual(
          strange.slice(0, conditions.length - 3),
        );
        expect(wanted(conditions, { judgement: { ...valid, message } })).toBeUndefined();
      }),
      { seed: 1, numRuns: 300 },
    );
    for (const none of [undefined, null, 7, "text", {}]) expect(wanted(none)).toHaveLength(3);
  });

  it("[operator 9.2 cleared] clears a message that no longer holds, and says for which generation it speaks", () => {
    const before = wanted([], {
      judgement: { isValid: false, claimedName: undefined, message: "wrong" },
      generation: 4,
    });
    const after = wanted(before, { generation: 5 });
    expect(after?.find(({ type }) => type === "PolicyValidated")).toMatchObject({
      message: "",
      observedGeneration: 5,
      status: "True",
    });
  });
});
