import { createError } from "@kinglet/errors";
import { ManualClock } from "@kinglet/lifecycle";
import { parseContainerProfile, profileStatus, type ContainerProfile } from "@kinglet/profile";
import { joinProfiles } from "@kinglet/profile/merging";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { storageErrors } from "./errors.ts";
import { updateProfile, type ProfileRecord } from "./update-profile.ts";

const subject = { store: "memory", object: "shop/web" };
const place = { subject, namespace: "shop", name: "web" };
const { signal } = new AbortController();

function withSyscalls(current: ContainerProfile | undefined, ...names: readonly string[]): ContainerProfile {
  const base = current ?? parseContainerProfile({ metadata: { name: "web", namespace: "shop" }, spec: {} });
  const syscalls = [...new Set([...base.spec.syscalls, ...names])].toSorted();
  return { ...base, spec: { ...base.spec, syscalls } };
}

/** One object in memory; `step` runs before each read and write. */
function memoryRecord(
  step: () => Promise<void>,
): ProfileRecord & { readonly current: () => ContainerProfile | undefined } {
  let stored: ContainerProfile | undefined;
  let version = 0;
  return {
    ...place,
    current: () => stored,
    read: async () => {
      await step();
      return stored === undefined ? undefined : { profile: stored, document: stored };
    },
    write: async (profile, over) => {
      await step();
      if (stored?.metadata.resourceVersion !== over?.profile.metadata.resourceVersion) {
        throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_CONFLICT", { ...subject });
      }
      version += 1;
      stored = { ...profile, metadata: { ...profile.metadata, resourceVersion: String(version) } };
      return stored;
    },
  };
}

describe("updateProfile", () => {
  it("gives up after five conflicts, with growing pauses between them [store writers]", async () => {
    const clock = new ManualClock();
    const conflict = createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_CONFLICT", { ...subject });
    const writtenAtMs: number[] = [];
    const record: ProfileRecord = {
      ...place,
      read: async () => undefined,
      write: async () => {
        writtenAtMs.push(clock.monotonicMs());
        throw conflict;
      },
    };
    const started = clock.monotonicMs();
    const update = updateProfile(record, (current) => withSyscalls(current, "read"), {
      signal,
      clock,
      random: () => 0,
    });
    const outcome = expect(update).rejects.toBe(conflict);
    for (let at = 0; at < 5; at++) await clock.advance(2_000);
    await outcome;
    expect(writtenAtMs.map((ms) => ms - started)).toHaveLength(5);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends in a pause when its signal fires", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const record: ProfileRecord = {
      ...place,
      read: async () => undefined,
      write: async () => {
        throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_CONFLICT", { ...subject });
      },
    };
    const options = { signal: stop.signal, clock, random: () => 0 };
    const update = updateProfile(record, (current) => withSyscalls(current, "read"), options);
    const reason = new Error("stop");
    const outcome = expect(update).rejects.toBe(reason);
    await clock.advance(1);
    stop.abort(reason);
    await outcome;
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not try again where trying cannot help", async () => {
    const clock = new ManualClock();
    for (const code of [
      "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND",
      "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
      "KINGLET_ERR_STORAGE_CLIENT_INVALID",
    ] as const) {
      const fault = createError(storageErrors, code, { ...subject, problem: "test" });
      let writes = 0;
      const record: ProfileRecord = {
        ...place,
        read: async () => undefined,
        write: async () => {
          writes += 1;
          throw fault;
        },
      };
      const update = updateProfile(record, (current) => withSyscalls(current, "read"), {
        signal,
        clock,
        random: () => 0,
      });
      await expect(update).rejects.toBe(fault);
      expect(writes).toBe(1);
    }
  });

  it("does not take a checksum that the store noted for a change", async () => {
    const record = memoryRecord(async () => {});
    const noted = withSyscalls(undefined, "read");
    const annotations = { "kubescape.io/sync-checksum": "abc" };
    await record.write({ ...noted, metadata: { ...noted.metadata, annotations } }, undefined);
    const clock = new ManualClock();
    const result = await updateProfile(record, () => noted, { signal, clock, random: () => 0 });
    expect(result.outcome).toBe("unchanged");
    expect(result.stored?.metadata.annotations).toEqual(annotations);
  });

  it("does not take another order of members for a change", async () => {
    const record = memoryRecord(async () => {});
    const profile = withSyscalls(undefined, "read");
    const withAnnotations = (annotations: Readonly<Record<string, string>>): ContainerProfile => ({
      spec: profile.spec,
      metadata: { annotations, namespace: "shop", name: "web" },
      kind: profile.kind,
      apiVersion: profile.apiVersion,
    });
    await record.write(withAnnotations({ a: "1", b: "2" }), undefined);
    const options = { signal, clock: new ManualClock(), random: () => 0 };
    const same = await updateProfile(record, () => withAnnotations({ b: "2", a: "1" }), options);
    expect(same.outcome).toBe("unchanged");
    const other = await updateProfile(record, () => withAnnotations({ b: "2", a: "2" }), options);
    expect(other.outcome).toBe("written");
  });

  it("never takes a completed profile back to learning, whatever a late writer has seen [node-agent 15_CompletedCannotBecomeReady] [node-agent 17_CompletedToPartial]", async () => {
    const record = memoryRecord(async () => {});
    const options = { signal, clock: new ManualClock(), random: () => 0 };
    const observed = (status: string, completion: string): ContainerProfile =>
      parseContainerProfile({
        metadata: {
          name: "web",
          namespace: "shop",
          annotations: { "kubescape.io/status": status, "kubescape.io/completion": completion },
        },
        spec: { syscalls: [status] },
      });
    const join = (local: ContainerProfile) =>
      updateProfile(record, (current) => (current === undefined ? local : joinProfiles(current, local)), options);
    await join(observed("completed", "complete"));
    await join(observed("ready", "partial"));
    expect(record.current()?.metadata.annotations).toEqual({
      "kubescape.io/status": "completed",
      "kubescape.io/completion": "complete",
    });
    expect(record.current()?.spec.syscalls).toEqual(["completed", "ready"]);
  });

  describe("too large", () => {
    const options = { signal, clock: new ManualClock(), random: () => 0 };
    const STATUS = "kubescape.io/status";
    const COMPLETION = "kubescape.io/completion";
    const observed = (status: string, completion: string, ...names: readonly string[]): ContainerProfile => {
      const { spec, metadata, ...kind } = withSyscalls(undefined, ...names);
      return {
        ...kind,
        spec,
        metadata: { ...metadata, annotations: { [STATUS]: status, [COMPLETION]: completion } },
      };
    };
    const stated = (profile: ContainerProfile | undefined): readonly unknown[] => [
      profile?.metadata.annotations?.[STATUS],
      profile?.metadata.annotations?.[COMPLETION],
      profile?.spec.syscalls.join(" "),
    ];
    /** A store that takes three system calls an object. */
    const smallRecord = (): ReturnType<typeof memoryRecord> => {
      const record = memoryRecord(async () => {});
      return {
        ...record,
        write: async (profile, over) => {
          if (profile.spec.syscalls.length <= 3) return record.write(profile, over);
          throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE", { ...subject, problem: "test" });
        },
      };
    };
    const joinInto = (record: ProfileRecord, local: ContainerProfile): ReturnType<typeof updateProfile> =>
      updateProfile(record, (current) => (current === undefined ? local : joinProfiles(current, local)), options);

    it("is said anew at each write: a join that fits has the status of those who observed [store too-large]", async () => {
      const record = smallRecord();
      await joinInto(record, observed("ready", "partial", "a"));
      const refused = await joinInto(record, observed("completed", "complete", "b", "c", "d"));
      expect(refused.outcome).toBe("too-large");
      expect(stated(refused.outcome === "too-large" ? refused.refused : undefined)).toEqual([
        "completed",
        "complete",
        "a b c d",
      ]);
      expect(stated(record.current())).toEqual(["too-large", "partial", "a"]);
      const fits = await joinInto(record, observed("ready", "partial", "b"));
      expect(fits.outcome).toBe("written");
      // Whoever completed saw c and d too: without them nothing is complete.
      expect(stated(record.current())).toEqual(["ready", "partial", "a b"]);
      expect(Object.keys(record.current()?.metadata.annotations ?? {}).toSorted()).toEqual([COMPLETION, STATUS]);
    });

    it("ends when what would be written is what is stored already [store too-large]", async () => {
      const record = smallRecord();
      await joinInto(record, observed("ready", "partial", "a"));
      await joinInto(record, observed("ready", "partial", "b", "c", "d"));
      expect((await joinInto(record, observed("ready", "partial", "a"))).outcome).toBe("written");
      expect(stated(record.current())).toEqual(["ready", "partial", "a"]);
    });

    it("stays, without a write, while the merge leaves things as they are or is refused again [store too-large]", async () => {
      const record = smallRecord();
      await joinInto(record, observed("ready", "", "a", "b", "c", "d"));
      const { resourceVersion } = record.current()?.metadata ?? {};
      expect((await joinInto(record, observed("ready", "", "a", "b", "c", "d"))).outcome).toBe("too-large");
      expect((await updateProfile(record, (current) => current, options)).outcome).toBe("unchanged");
      expect(record.current()?.metadata.resourceVersion).toBe(resourceVersion);
      expect(stated(record.current())).toEqual(["too-large", "partial", ""]);
    });

    it("is final for readers only over content that was completed, however often it is refused [store too-large]", async () => {
      for (const [before, read] of [
        ["completed", "too-large"],
        ["ready", "incomplete"],
        ["", "incomplete"],
      ] as const) {
        const record = smallRecord();
        if (before !== "") await joinInto(record, observed(before, "partial", "a"));
        for (const more of ["d", "e"]) {
          expect((await joinInto(record, observed("completed", "partial", "b", "c", more, "f"))).outcome).toBe(
            "too-large",
          );
          expect(profileStatus(record.current()!).status).toBe(read);
        }
        await joinInto(record, observed("ready", "partial", "b"));
        expect(profileStatus(record.current()!).status).toBe(before === "completed" ? "completed" : "ready");
        await joinInto(record, observed("completed", "complete", "b"));
        expect(profileStatus(record.current()!)).toEqual({ status: "completed", completion: "complete" });
      }
    });

    it("of another program gives way to what a learner says [store too-large]", async () => {
      const record = smallRecord();
      await record.write(observed("too-large", "complete", "a"), undefined);
      await joinInto(record, observed("ready", "partial", "b"));
      expect(stated(record.current())).toEqual(["ready", "complete", "a b"]);
    });

    it("never outlives what fits, in any order of writes [store too-large]", async () => {
      const anyNames = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 4 });
      const anyStatus = fc.constantFrom(["ready", "partial"] as const, ["completed", "complete"] as const);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(anyNames, anyStatus), { minLength: 1, maxLength: 8 }), async (writes) => {
          const record = smallRecord();
          let fitted: ContainerProfile | undefined;
          for (const [names, [status, completion]] of writes) {
            const local = observed(status, completion, ...names);
            const wanted = fitted === undefined ? local : joinProfiles(fitted, local);
            const fits = wanted.spec.syscalls.length <= 3;
            if (fits) fitted = wanted;
            const result = await joinInto(record, local);
            expect(result.outcome === "too-large").toBe(!fits);
            const [fittedStatus, fittedCompletion, fittedNames = ""] = stated(fitted);
            expect(stated(record.current())).toEqual(
              fits ? [fittedStatus, fittedCompletion, fittedNames] : ["too-large", "partial", fittedNames],
            );
          }
        }),
        { seed: 2, numRuns: 200 },
      );
    });
  });

  it("loses nothing in any order of the steps of several writers [store writers] [node-agent 09_FalsePositive]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, writers) => {
        const clock = new ManualClock();
        const record = memoryRecord(() => scheduler.schedule(Promise.resolve()));
        const names = Array.from({ length: writers }, (_, at) => `call_${at}`);
        const updates = Promise.all(
          names.map((name) =>
            updateProfile(record, (current) => withSyscalls(current, name), { signal, clock, random: () => 1 - 1e-9 }),
          ),
        );
        const state = { isDone: false };
        const done = updates.finally(() => {
          state.isDone = true;
        });
        for (; !state.isDone; await clock.advance(2_000)) await scheduler.waitIdle();
        await done;
        expect(record.current()?.spec.syscalls).toEqual(names);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
