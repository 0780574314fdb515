import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { describeProfileStore } from "../test/describe-profile-store.ts";
import { DirectoryProfileStore } from "./directory-profile-store.ts";
import { nodeFileOperations, type FileOperations } from "./file-operations.ts";
import { openDirectoryProfileStore } from "./open-directory-profile-store.ts";
import type { ProfileStore } from "./profile-store.ts";

const { signal } = new AbortController();

function profileOf(path: string, resourceVersion?: string): ContainerProfile {
  const metadata = { name: "web", namespace: "shop", resourceVersion };
  return parseContainerProfile({ metadata, spec: { execs: [{ path }] } });
}

describeProfileStore("openDirectoryProfileStore", async () => {
  const path = await mkdtemp(join(tmpdir(), "kinglet store "));
  return {
    store: await openDirectoryProfileStore({ path }),
    namespaces: ["shop", "other"],
    tooManyBytes: 4_500_000,
    seed: async (object) => {
      const { namespace, name } = object.metadata;
      const folder = object.kind === "ContainerProfile" ? "" : `${object.kind.toLowerCase()}s`;
      await mkdir(join(path, namespace, folder), { recursive: true });
      await writeFile(join(path, namespace, folder, `${name}.json`), JSON.stringify(object));
    },
    raw: async (kind, namespace, name) => {
      const folder = kind === "ContainerProfile" ? "" : `${kind.toLowerCase()}s`;
      return JSON.parse(await readFile(join(path, namespace, folder, `${name}.json`), "utf8")) as { spec: object };
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
});

describe("openDirectoryProfileStore", () => {
  let path: string;
  let store: ProfileStore;
  let lines: string[];

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "kinglet store "));
    lines = [];
    const logger: Logger = {
      ...noopLogger,
      warn: (message, fields: LogFields = {}) => lines.push(`${message} ${String(fields["file"])}`),
    };
    store = await openDirectoryProfileStore({ path, maxBytes: 10_000, logger });
  });

  afterEach(async () => {
    await rm(path, { recursive: true, force: true });
  });

  it("reads files written by hand, the namespace left out", async () => {
    await mkdir(join(path, "shop"));
    await writeFile(join(path, "shop/web.json"), '{"metadata":{"name":"web"},"spec":{"execs":[{"path":"/bin/sh"}]}}');
    const profile = await store.getContainerProfile("shop", "web", { signal });
    expect(profile?.metadata.namespace).toBe("shop");
    expect(profile?.metadata.resourceVersion).toMatch(/^[0-9a-f]{32}$/);
    const { resourceVersion } = profile?.metadata ?? {};
    await writeFile(join(path, "shop/web.json"), '{"metadata":{"name":"web"},"spec":{"execs":[{"path":"/bin/ls"}]}}');
    const edited = await store.getContainerProfile("shop", "web", { signal });
    expect(edited?.metadata.resourceVersion).not.toBe(resourceVersion);
  });

  it("writes a file that people can read, private to the user", async () => {
    await store.put(profileOf("/bin/sh"), { signal });
    const text = await readFile(join(path, "shop/web.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ kind: "ContainerProfile", metadata: { name: "web", namespace: "shop" } });
    expect(text.split("\n").length).toBeGreaterThan(10);
    expect(await readdir(join(path, "shop"))).toEqual(["web.json"]);
  });

  it("refuses names that are no names, before they become paths [store paths]", async () => {
    const invalid = { code: "KINGLET_ERR_STORAGE_CLIENT_INVALID" };
    await writeFile(join(path, "secret.json"), '{"metadata":{"name":"secret","namespace":"shop"}}');
    for (const [namespace, name] of [
      ["shop", "../secret"],
      ["..", "secret"],
      [".", "secret"],
      ["", "secret"],
      ["shop/../..", "secret"],
      ["shop", "a\0b"],
      ["shop", "Web"],
      ["shop", ""],
      ["shop", "a".repeat(254)],
    ] as const) {
      await expect(store.getContainerProfile(namespace, name, { signal })).rejects.toMatchObject(invalid);
      await expect(store.delete(namespace, name, { signal })).rejects.toMatchObject(invalid);
      const profile = { ...profileOf("/bin/sh"), metadata: { name, namespace } };
      await expect(store.put(profile, { signal })).rejects.toMatchObject(invalid);
    }
    await expect(store.list("../..", { signal })).rejects.toMatchObject(invalid);
    expect((await readdir(path)).toSorted()).toEqual(["secret.json"]);
  });

  it("does not follow links below its directory, but may be opened through one [store paths]", async () => {
    const invalid = { code: "KINGLET_ERR_STORAGE_CLIENT_INVALID" };
    await store.put(profileOf("/bin/sh"), { signal });
    await symlink(join(path, "shop/web.json"), join(path, "shop/link.json"));
    await expect(store.getContainerProfile("shop", "link", { signal })).rejects.toMatchObject(invalid);
    await symlink(join(path, "shop"), join(path, "other"));
    await expect(store.getContainerProfile("other", "web", { signal })).rejects.toMatchObject(invalid);
    const linkedProfile = { ...profileOf("/bin/ls"), metadata: { name: "web", namespace: "other" } };
    await expect(store.put(linkedProfile, { signal })).rejects.toMatchObject(invalid);
    const linked = await openDirectoryProfileStore({ path: join(path, "other/..") });
    expect((await linked.getContainerProfile("shop", "web", { signal }))?.metadata.name).toBe("web");
  });

  it("does not write through a link in the place of its temporary file [store paths]", async () => {
    const victim = join(path, "victim");
    await writeFile(victim, "precious");
    await store.put(profileOf("/bin/sh"), { signal });
    const stored = await store.getContainerProfile("shop", "web", { signal });
    let temporary = "";
    const files: FileOperations = {
      ...nodeFileOperations,
      openForWriting: (place) => {
        temporary = place;
        return nodeFileOperations.openForWriting(place);
      },
    };
    const watched = directoryStore(path, files);
    await watched.put(profileOf("/bin/ls", stored?.metadata.resourceVersion), { signal });
    await symlink(victim, temporary);
    const next = await store.getContainerProfile("shop", "web", { signal });
    await expect(store.put(profileOf("/bin/cat", next?.metadata.resourceVersion), { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
    expect(await readFile(victim, "utf8")).toBe("precious");
  });

  it("refuses what is not a profile, without quoting it", async () => {
    const invalid = (problem: RegExp): object =>
      expect.objectContaining({ code: "KINGLET_ERR_STORAGE_CLIENT_INVALID", message: expect.stringMatching(problem) });
    await mkdir(join(path, "shop/dir.json"), { recursive: true });
    await writeFile(join(path, "shop/text.json"), "password: hunter2");
    await writeFile(join(path, "shop/list.json"), "[]");
    await writeFile(join(path, "shop/wrong.json"), '{"metadata":{"name":"right"}}');
    await writeFile(join(path, "shop/moved.json"), '{"metadata":{"name":"moved","namespace":"bank"}}');
    await writeFile(join(path, "file"), "");
    const get = (name: string): Promise<unknown> => store.getContainerProfile("shop", name, { signal });
    await expect(get("dir")).rejects.toEqual(invalid(/not a regular file/));
    await expect(get("text")).rejects.toEqual(invalid(/cannot be used: not JSON$/));
    await expect(get("list")).rejects.toEqual(invalid(/expected an object/));
    await expect(get("wrong")).rejects.toEqual(invalid(/it is about "right"/));
    await expect(get("moved")).rejects.toEqual(invalid(/the namespace "bank"/));
    await expect(store.getContainerProfile("file", "web", { signal })).rejects.toEqual(invalid(/not a directory/));
    expect(await store.list("shop", { signal })).toMatchObject([{ name: "right" }]);
    expect(lines).toHaveLength(4);
  });

  it("reads and writes at most maxBytes", async () => {
    const tooLarge = { code: "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE" };
    const stored = await store.put(profileOf("/bin/sh"), { signal });
    const large = profileOf(`/${"x".repeat(10_000)}`, stored.metadata.resourceVersion);
    await expect(store.put(large, { signal })).rejects.toMatchObject(tooLarge);
    expect((await store.getContainerProfile("shop", "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/sh");
    await writeFile(join(path, "shop/large.json"), " ".repeat(10_001));
    await expect(store.getContainerProfile("shop", "large", { signal })).rejects.toMatchObject(tooLarge);
  });

  it("is unavailable, not empty, when its directory went away [cache W1] [node-agent TestStorageError_NoEntry]", async () => {
    await store.put(profileOf("/bin/sh"), { signal });
    await rename(path, `${path}.gone`);
    const unavailable = { code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE", retryable: true };
    await expect(store.getContainerProfile("shop", "web", { signal })).rejects.toMatchObject(unavailable);
    await expect(store.list("shop", { signal })).rejects.toMatchObject(unavailable);
    await expect(store.delete("shop", "web", { signal })).rejects.toMatchObject(unavailable);
    await rename(`${path}.gone`, path);
    expect(await store.getContainerProfile("shop", "web", { signal })).toBeDefined();
  });

  it("says at once what is wrong with its path", async () => {
    await expect(openDirectoryProfileStore({ path: join(path, "missing") })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    });
    await writeFile(join(path, "file"), "");
    await expect(openDirectoryProfileStore({ path: join(path, "file") })).rejects.toMatchObject({
      code: "KINGLET_ERR_STORAGE_CLIENT_INVALID",
    });
  });

  it("gives up a call after its budget [store budget] [node-agent TestRefreshHonorsContextCancellationMidRPC]", async () => {
    const clock = new ManualClock();
    const files = { ...nodeFileOperations, isDirectory: () => new Promise<boolean>(() => {}) };
    const stuck = directoryStore(path, files, clock);
    const call = stuck.getContainerProfile("shop", "web", { signal });
    const outcome = expect(call).rejects.toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE" });
    await clock.advance(5_000);
    await outcome;
    expect(clock.pendingTimers).toBe(0);
    const controller = new AbortController();
    const aborted = stuck.getContainerProfile("shop", "web", { signal: controller.signal });
    const reason = new Error("stop");
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
  });

  it("holds the old object or the new one when it dies between any two steps or bytes of a write [store crash]", async () => {
    const first = await store.put(profileOf("/bin/sh"), { signal });
    let outcomes = "";
    for (let crashAt = 0; ; crashAt += 1) {
      const crash = new CrashingFiles(crashAt);
      const write = directoryStore(path, crash.operations).put(profileOf("/bin/ls", first.metadata.resourceVersion), {
        signal,
      });
      const isDone = await write.then(
        () => true,
        () => false,
      );
      const read = await (await openDirectoryProfileStore({ path })).getContainerProfile("shop", "web", { signal });
      const found = read?.spec.execs[0]?.path;
      expect(["/bin/sh", "/bin/ls"]).toContain(found);
      expect(await store.list("shop", { signal })).toHaveLength(1);
      outcomes += found === "/bin/sh" ? "o" : "n";
      if (isDone) break;
      // Back to the old object for the next round.
      if (found === "/bin/ls") {
        const back = profileOf("/bin/sh", read?.metadata.resourceVersion);
        expect((await store.put(back, { signal })).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      }
    }
    // Old up to the rename, new from there on; every byte of the content was a place to die at.
    expect(outcomes).toMatch(/^o{100,}n+$/);
  }, 30_000);
});

function directoryStore(path: string, files: FileOperations, clock = new ManualClock()): DirectoryProfileStore {
  return new DirectoryProfileStore({
    path,
    maxBytes: 10_000,
    callTimeoutMs: 5_000,
    clock,
    logger: noopLogger,
    files,
    random: Math.random,
  });
}

/** Does `crashAt` steps for real and then nothing more; every byte that is written is a step of its own. */
class CrashingFiles {
  #stepsLeft: number;
  readonly operations: FileOperations;

  constructor(crashAt: number) {
    this.#stepsLeft = crashAt;
    const step = <T>(run: () => Promise<T>): Promise<T> => {
      if (this.#stepsLeft === 0) return Promise.reject(Object.assign(new Error("killed"), { code: "EKILLED" }));
      this.#stepsLeft -= 1;
      return run();
    };
    this.operations = {
      ...nodeFileOperations,
      openForWriting: (path) => step(() => nodeFileOperations.openForWriting(path)),
      write: (handle, bytes) => {
        const length = Math.min(this.#stepsLeft, bytes.length);
        this.#stepsLeft -= length;
        const write = nodeFileOperations.write(handle, bytes.subarray(0, length));
        return length === bytes.length ? write : write.then(() => step(() => Promise.resolve()));
      },
      sync: (handle) => step(() => nodeFileOperations.sync(handle)),
      rename: (from, to) => step(() => nodeFileOperations.rename(from, to)),
      syncDirectory: (path) => step(() => nodeFileOperations.syncDirectory(path)),
    };
  }
}
