import { createError } from "@kinglet/errors";
import { ManualClock } from "@kinglet/lifecycle";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
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
  it("gives up after five conflicts, with growing pauses between them", async () => {
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

  it("loses nothing in any order of the steps of several writers", async () => {
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
