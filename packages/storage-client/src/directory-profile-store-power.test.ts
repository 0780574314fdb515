import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ModelFiles } from "../test/model-files.ts";
import { DirectoryProfileStore } from "./directory-profile-store.ts";
import type { FileOperations } from "./file-operations.ts";

const ROOT = "/store";
const { signal } = new AbortController();

function storeOver(files: FileOperations): DirectoryProfileStore {
  return new DirectoryProfileStore({
    path: ROOT,
    maxBytes: 10_000,
    callTimeoutMs: 5_000,
    clock: new ManualClock(),
    logger: noopLogger,
    files,
    random: () => 0,
  });
}

function profileOf(name: string, path: string, resourceVersion?: string): ContainerProfile {
  return parseContainerProfile({ metadata: { name, namespace: "shop", resourceVersion }, spec: { execs: [{ path }] } });
}

/** What a store that starts on these files finds; an object that cannot be read fails the test. */
async function found(files: ModelFiles, name: string): Promise<string | undefined> {
  const store = storeOver(files.operations);
  const profile = await store.getContainerProfile("shop", name, { signal });
  const listed = await store.list("shop", { signal });
  expect(listed.some((metadata) => metadata.name === name)).toBe(profile !== undefined);
  return profile?.spec.execs[0]?.path;
}

/** What may be found after a power failure behind each step; one set a step, the first before any. */
async function foundAfterEach(files: ModelFiles, name: string): Promise<readonly ReadonlySet<string | undefined>[]> {
  const sets: ReadonlySet<string | undefined>[] = [];
  for (let steps = 0; steps <= files.steps.length; steps += 1) {
    const set = new Set<string | undefined>();
    for (const left of files.afterPowerFailure(steps)) set.add(await found(left, name));
    sets.push(set);
  }
  return sets;
}

/** A store whose first object is there for good. */
async function withFirst(): Promise<{ readonly files: ModelFiles; readonly version: string }> {
  const files = new ModelFiles(ROOT);
  const stored = await storeOver(files.operations).put(profileOf("web", "/old"), { signal });
  const [safe] = files.afterPowerFailure();
  return { files: safe!, version: stored.metadata.resourceVersion! };
}

/** Leaves one kind of sync out. */
const without: Readonly<Record<string, (real: FileOperations) => FileOperations>> = {
  "the content": (real) => ({ ...real, sync: async () => {} }),
  "the folder of the namespace": (real) => ({
    ...real,
    syncDirectory: async (path) => (path === ROOT ? real.syncDirectory(path) : undefined),
  }),
  "the folder of the store": (real) => ({
    ...real,
    syncDirectory: async (path) => (path === ROOT ? undefined : real.syncDirectory(path)),
  }),
};

describe("openDirectoryProfileStore", () => {
  describe("after a power failure", () => {
    it("holds nothing or the new object where there was none, and the new one once put has returned [store crash]", async () => {
      const files = new ModelFiles(ROOT);
      await storeOver(files.operations).put(profileOf("web", "/new"), { signal });
      const sets = await foundAfterEach(files, "web");
      for (const set of sets) for (const path of set) expect([undefined, "/new"]).toContain(path);
      expect(sets[0]).toEqual(new Set([undefined]));
      expect(sets.at(-1)).toEqual(new Set(["/new"]));
    });

    it("holds the old object or the new one, and the new one once put has returned [store crash]", async () => {
      const { files, version } = await withFirst();
      await storeOver(files.operations).put(profileOf("web", "/new", version), { signal });
      const sets = await foundAfterEach(files, "web");
      for (const set of sets) for (const path of set) expect(["/old", "/new"]).toContain(path);
      expect(sets[0]).toEqual(new Set(["/old"]));
      expect(sets.at(-1)).toEqual(new Set(["/new"]));
      expect(sets.some((set) => set.size === 2)).toBe(true);
    });

    it("holds the object or nothing while it is deleted, and nothing once delete has returned [store crash]", async () => {
      const { files } = await withFirst();
      await storeOver(files.operations).delete("shop", "web", { signal });
      const sets = await foundAfterEach(files, "web");
      for (const set of sets) for (const path of set) expect(["/old", undefined]).toContain(path);
      expect(sets.at(-1)).toEqual(new Set([undefined]));
    });

    it("holds what put returned although another process died in the middle of the same write before [store crash]", async () => {
      for (let lived = 0; ; lived += 1) {
        const files = new ModelFiles(ROOT);
        let left = lived;
        const step = <T>(run: () => Promise<T>): Promise<T> =>
          left-- > 0 ? run() : Promise.reject(Object.assign(new Error("killed"), { code: "EKILLED" }));
        const { operations: real } = files;
        const dying: FileOperations = {
          ...real,
          openForWriting: (path) => step(() => real.openForWriting(path)),
          write: (handle, bytes) => step(() => real.write(handle, bytes)),
          sync: (handle) => step(() => real.sync(handle)),
          rename: (from, to) => step(() => real.rename(from, to)),
          createDirectory: (path) => step(() => real.createDirectory(path)),
          syncDirectory: (path) => step(() => real.syncDirectory(path)),
        };
        const first = storeOver(dying).put(profileOf("web", "/first"), { signal });
        const isDone = await first.then(
          () => true,
          () => false,
        );
        const second = storeOver(real);
        const known = await second.getContainerProfile("shop", "web", { signal });
        await second.put(profileOf("web", "/second", known?.metadata.resourceVersion), { signal });
        for (const after of files.afterPowerFailure()) expect(await found(after, "web")).toBe("/second");
        if (isDone) break;
      }
    });

    it("holds each object whose put has returned, in any order of the steps of two writers [store crash]", async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const files = new ModelFiles(ROOT);
          const { operations: real } = files;
          const turn = <T>(run: () => Promise<T>): Promise<T> => scheduler.schedule(Promise.resolve()).then(run);
          const store = storeOver({
            ...real,
            openForWriting: (path) => turn(() => real.openForWriting(path)),
            sync: (handle) => turn(() => real.sync(handle)),
            rename: (from, to) => turn(() => real.rename(from, to)),
            createDirectory: (path) => turn(() => real.createDirectory(path)),
            syncDirectory: (path) => turn(() => real.syncDirectory(path)),
          });
          const returned: (readonly [name: string, steps: number])[] = [];
          const writes = ["web", "db"].map(async (name) => {
            await store.put(profileOf(name, `/${name}`), { signal });
            returned.push([name, files.steps.length]);
          });
          await scheduler.waitFor(Promise.all(writes));
          for (const [name, steps] of returned) {
            for (const after of files.afterPowerFailure(steps)) expect(await found(after, name)).toBe(`/${name}`);
          }
        }),
        { seed: 1, numRuns: 30 },
      );
    });

    it.each(Object.keys(without))("needs the sync of %s: without it something is lost [store crash]", async (left) => {
      const files = new ModelFiles(ROOT);
      await storeOver(without[left]!(files.operations)).put(profileOf("web", "/new"), { signal });
      const outcomes = new Set<string | undefined>();
      for (const after of files.afterPowerFailure()) {
        outcomes.add(await found(after, "web").catch((error: { readonly code?: string }) => error.code));
      }
      expect(outcomes).toContain("/new");
      expect(outcomes.size).toBeGreaterThan(1);
    });
  });
});
