import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { waitFor } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ProfileObjectChange, ProfileWatchHandler } from "@kinglet/profile-cache";

import type { ProfileStore } from "../src/index.ts";

/** An empty store and what holds it. */
export interface OpenedProfileStore extends AsyncDisposable {
  readonly store: ProfileStore;
  /** Two namespaces that can be used and hold nothing. */
  readonly namespaces: readonly [string, string];
  /** Bytes that are too many for one object. */
  readonly tooManyBytes: number;
  /** Puts an object there as a person would, whatever it holds. */
  seed(object: SeededObject): Promise<void>;
  /** The object as it is stored, unparsed. */
  raw(kind: SeededObject["kind"], namespace: string, name: string): Promise<{ readonly spec: object }>;
}

/** Any object of a kind that stores keep. */
interface SeededObject {
  readonly kind: "ContainerProfile" | "ApplicationProfile" | "NetworkNeighborhood";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

/** Set anew for each test. */
let NAMESPACE = "shop";
let OTHER = "other";

/** A small profile; `path` makes contents differ. */
function profileOf(name: string, path: string, resourceVersion?: string, namespace = NAMESPACE): ContainerProfile {
  return parseContainerProfile({
    metadata: {
      name,
      namespace,
      resourceVersion,
      annotations: { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" },
      labels: { "kubescape.io/workload-kind": "Deployment" },
    },
    spec: {
      architectures: ["amd64"],
      execs: [{ path, args: [path, "--flag"] }],
      opens: [{ path: "/etc/hosts", flags: ["O_RDONLY"] }],
      egress: [
        {
          identifier: "e1",
          type: "external",
          dnsNames: ["kubernetes.io."],
          ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
        },
      ],
      matchLabels: { app: "web" },
    },
  });
}

/**
 * What every profile store promises.
 *
 * @param name - of the adapter, for the report.
 * @param open - makes an empty store.
 */
export function describeProfileStore(name: string, open: () => Promise<OpenedProfileStore>): void {
  describe(`${name} as a profile store`, () => {
    let opened: OpenedProfileStore;
    let store: ProfileStore;
    const { signal } = new AbortController();

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      [NAMESPACE, OTHER] = opened.namespaces;
    });

    afterEach(async () => {
      await opened[Symbol.asyncDispose]();
    });

    it("answers undefined for what does not exist, in a namespace that exists or not [cache W1] [node-agent TestRetryPendingEntries_CPCreatedAfterAdd]", async () => {
      expect(await store.getContainerProfile(NAMESPACE, "nobody", { signal })).toBeUndefined();
      await store.put(profileOf("web", "/bin/sh"), { signal });
      expect(await store.getContainerProfile(NAMESPACE, "nobody", { signal })).toBeUndefined();
    });

    it("gives back what was put, whole, with uid and version [store objects]", async () => {
      const profile = profileOf("web", "/bin/sh");
      const stored = await store.put(profile, { signal });
      expect(stored.metadata.uid).toMatch(/./);
      expect(stored.metadata.resourceVersion).toMatch(/./);
      const read = await store.getContainerProfile(NAMESPACE, "web", { signal });
      expect(read).toEqual(stored);
      expect(read?.spec).toEqual(profile.spec);
      expect(read?.metadata.annotations).toMatchObject(profile.metadata.annotations ?? {});
    });

    it("takes names of the full length", async () => {
      const longName = `replicaset-${"a".repeat(232)}-0000-ffff`;
      expect(longName).toHaveLength(253);
      await store.put(profileOf(longName, "/bin/sh"), { signal });
      expect((await store.getContainerProfile(NAMESPACE, longName, { signal }))?.metadata.name).toBe(longName);
      expect((await store.list(NAMESPACE, { signal })).map((metadata) => metadata.name)).toEqual([longName]);
    });

    it("keeps the version while nothing is written, and changes it with the content [store versions] [node-agent TestRefreshFastSkipWhenAllRVsMatch]", async () => {
      const stored = await store.put(profileOf("web", "/bin/sh"), { signal });
      const again = await store.getContainerProfile(NAMESPACE, "web", { signal });
      expect(again?.metadata.resourceVersion).toBe(stored.metadata.resourceVersion);
      const next = await store.put(profileOf("web", "/bin/ls", stored.metadata.resourceVersion), { signal });
      expect(next.metadata.resourceVersion).not.toBe(stored.metadata.resourceVersion);
      expect(next.metadata.uid).toBe(stored.metadata.uid);
      expect((await store.getContainerProfile(NAMESPACE, "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/ls");
    });

    it("refuses to create what exists [store versions]", async () => {
      await store.put(profileOf("web", "/bin/sh"), { signal });
      await expect(store.put(profileOf("web", "/bin/ls"), { signal })).rejects.toMatchObject({
        code: "KINGLET_ERR_STORAGE_CLIENT_CONFLICT",
        retryable: true,
      });
      expect((await store.getContainerProfile(NAMESPACE, "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/sh");
    });

    it("refuses to replace another version than the one that was read [store versions]", async () => {
      const first = await store.put(profileOf("web", "/bin/sh"), { signal });
      await store.put(profileOf("web", "/bin/ls", first.metadata.resourceVersion), { signal });
      const late = profileOf("web", "/bin/cat", first.metadata.resourceVersion);
      await expect(store.put(late, { signal })).rejects.toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_CONFLICT" });
      expect((await store.getContainerProfile(NAMESPACE, "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/ls");
    });

    it("says that it is gone when what shall be replaced was deleted [store versions]", async () => {
      const first = await store.put(profileOf("web", "/bin/sh"), { signal });
      await store.delete(NAMESPACE, "web", { signal });
      const late = profileOf("web", "/bin/cat", first.metadata.resourceVersion);
      await expect(store.put(late, { signal })).rejects.toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND" });
    });

    it("lets exactly one of several writers of one version win [store writers]", async () => {
      const first = await store.put(profileOf("web", "/bin/sh"), { signal });
      const writes = ["/a", "/b", "/c", "/d"].map((path) =>
        store.put(profileOf("web", path, first.metadata.resourceVersion), { signal }),
      );
      const results = await Promise.allSettled(writes);
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
      for (const result of results) {
        if (result.status === "rejected") {
          expect(result.reason).toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_CONFLICT" });
        }
      }
    });

    it("deletes, and says whether there was something; what is created afterwards is another object", async () => {
      const first = await store.put(profileOf("web", "/bin/sh"), { signal });
      expect(await store.delete(NAMESPACE, "web", { signal })).toBe(true);
      expect(await store.delete(NAMESPACE, "web", { signal })).toBe(false);
      expect(await store.getContainerProfile(NAMESPACE, "web", { signal })).toBeUndefined();
      const second = await store.put(profileOf("web", "/bin/sh"), { signal });
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
    });

    it("lists the metadata of one namespace, and nothing but metadata [store list]", async () => {
      expect(await store.list(NAMESPACE, { signal })).toEqual([]);
      const web = await store.put(profileOf("web", "/bin/sh"), { signal });
      await store.put(profileOf("db", "/bin/sh"), { signal });
      await store.put(profileOf("web", "/bin/sh", undefined, OTHER), { signal });
      const listed = await store.list(NAMESPACE, { signal });
      expect(listed.map((metadata) => metadata.name).toSorted()).toEqual(["db", "web"]);
      const found = listed.find((metadata) => metadata.name === "web");
      expect(found).toMatchObject({
        namespace: NAMESPACE,
        uid: web.metadata.uid,
        resourceVersion: web.metadata.resourceVersion,
        annotations: { "kubescape.io/status": "completed" },
      });
      expect(JSON.stringify(listed)).not.toContain("/bin/sh");
    });

    it("rejects with the reason of a signal that fired before the call [store budget]", async () => {
      const reason = new Error("stop");
      const stopped = AbortSignal.abort(reason);
      await expect(store.getContainerProfile(NAMESPACE, "web", { signal: stopped })).rejects.toBe(reason);
      await expect(store.list(NAMESPACE, { signal: stopped })).rejects.toBe(reason);
      await expect(store.put(profileOf("web", "/bin/sh"), { signal: stopped })).rejects.toBe(reason);
      await expect(store.delete(NAMESPACE, "web", { signal: stopped })).rejects.toBe(reason);
      expect(await store.getContainerProfile(NAMESPACE, "web", { signal })).toBeUndefined();
    });

    describe("update", () => {
      const withExec = (path: string) => (current: ContainerProfile | undefined) => {
        const base = current ?? parseContainerProfile({ metadata: { name: "web", namespace: NAMESPACE }, spec: {} });
        const paths = [...new Set([...base.spec.execs.map((exec) => exec.path), path])].toSorted();
        const execs = paths.map((one) => ({ path: one, args: [], envs: [], argsRequired: false }));
        return { ...base, spec: { ...base.spec, execs } };
      };
      const paths = (profile: ContainerProfile | undefined): readonly string[] | undefined =>
        profile?.spec.execs.map((exec) => exec.path);

      it("creates what is not there and merges into what is [store writers]", async () => {
        const first = await store.update(NAMESPACE, "web", withExec("/a"), { signal });
        expect([first.outcome, paths(first.stored)]).toEqual(["written", ["/a"]]);
        const second = await store.update(NAMESPACE, "web", withExec("/b"), { signal });
        expect([second.outcome, paths(second.stored)]).toEqual(["written", ["/a", "/b"]]);
        expect(await store.getContainerProfile(NAMESPACE, "web", { signal })).toEqual(second.stored);
      });

      it("writes nothing when nothing changes, or when there is nothing to say [store writers]", async () => {
        const { stored } = await store.update(NAMESPACE, "web", withExec("/a"), { signal });
        const again = await store.update(NAMESPACE, "web", withExec("/a"), { signal });
        expect(again).toEqual({ outcome: "unchanged", stored });
        const skipped = await store.update(NAMESPACE, "web", () => undefined, { signal });
        expect(skipped).toEqual({ outcome: "skipped", stored });
        const nothing = await store.update(NAMESPACE, "db", () => undefined, { signal });
        expect(nothing).toEqual({ outcome: "skipped", stored: undefined });
      });

      it("loses nothing of several writers at once [store writers] [node-agent 09_FalsePositive]", async () => {
        const programs = ["/a", "/b", "/c", "/d"];
        await Promise.all(programs.map((path) => store.update(NAMESPACE, "web", withExec(path), { signal })));
        expect(paths(await store.getContainerProfile(NAMESPACE, "web", { signal }))).toEqual(programs);
      });

      it("creates again what was deleted between reading and writing [store writers]", async () => {
        await store.update(NAMESPACE, "web", withExec("/a"), { signal });
        let deletion: Promise<boolean> | undefined;
        const merge = (current: ContainerProfile | undefined): ContainerProfile => {
          deletion ??= store.delete(NAMESPACE, "web", { signal });
          return withExec("/b")(current);
        };
        const { outcome } = await store.update(NAMESPACE, "web", merge, { signal });
        expect(outcome).toBe("written");
        expect(await deletion).toBe(true);
      });

      it("keeps what it does not know of in the object [store objects]", async () => {
        await store.update(NAMESPACE, "web", withExec("/a"), { signal });
        await store.delete(NAMESPACE, "web", { signal });
        const spec = { execs: [{ path: "/a" }], surfaceOfTomorrow: { seen: ["x"] } };
        await opened.seed({ kind: "ContainerProfile", metadata: { name: "web", namespace: NAMESPACE }, spec });
        await store.update(NAMESPACE, "web", withExec("/b"), { signal });
        expect((await opened.raw("ContainerProfile", NAMESPACE, "web")).spec).toMatchObject({
          execs: [{ path: "/a" }, { path: "/b" }],
          surfaceOfTomorrow: { seen: ["x"] },
        });
      });

      it("says too-large in the place of an object over the limit, keeps what fitted, and takes it when it fits again [store too-large]", async () => {
        await store.update(NAMESPACE, "web", withExec("/a"), { signal });
        const large = (current: ContainerProfile | undefined): ContainerProfile => {
          const profile = withExec("/b")(current);
          const count = Math.ceil(opened.tooManyBytes / 1_000);
          const opens = Array.from({ length: count }, (_, at) => ({ path: `/${at}/${"x".repeat(1_000)}`, flags: [] }));
          return { ...profile, spec: { ...profile.spec, opens } };
        };
        const result = await store.update(NAMESPACE, "web", large, { signal });
        expect(result.outcome).toBe("too-large");
        expect(paths(result.outcome === "too-large" ? result.refused : undefined)).toEqual(["/a", "/b"]);
        const stored = await store.getContainerProfile(NAMESPACE, "web", { signal });
        expect(stored?.metadata.annotations).toMatchObject({
          "kubescape.io/status": "too-large",
          "kubescape.io/completion": "partial",
        });
        expect([paths(stored), stored?.spec.opens]).toEqual([["/a"], []]);
        const again = await store.update(NAMESPACE, "web", large, { signal });
        expect(again.stored?.metadata.resourceVersion).toBe(stored?.metadata.resourceVersion);
        const smaller = await store.update(NAMESPACE, "web", withExec("/b"), { signal });
        expect([smaller.outcome, paths(smaller.stored)]).toEqual(["written", ["/a", "/b"]]);
        expect(smaller.stored?.metadata.annotations?.["kubescape.io/status"]).toBeUndefined();
        const fresh = (): ContainerProfile =>
          large(parseContainerProfile({ metadata: { name: "db", namespace: NAMESPACE }, spec: {} }));
        expect((await store.update(NAMESPACE, "db", fresh, { signal })).outcome).toBe("too-large");
        expect(paths(await store.getContainerProfile(NAMESPACE, "db", { signal }))).toEqual([]);
      }, 60_000);

      it("passes on what the merge throws, and refuses an object of another place", async () => {
        const mistake = new Error("mistake");
        const thrown = store.update(
          NAMESPACE,
          "web",
          () => {
            throw mistake;
          },
          { signal },
        );
        await expect(thrown).rejects.toBe(mistake);
        const moved = store.update(NAMESPACE, "db", withExec("/a"), { signal });
        await expect(moved).rejects.toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_INVALID" });
        const stopped = store.update(NAMESPACE, "web", withExec("/a"), { signal: AbortSignal.abort(mistake) });
        await expect(stopped).rejects.toBe(mistake);
        expect(await store.list(NAMESPACE, { signal })).toEqual([]);
      });
    });

    describe("authored kinds", () => {
      it("reads, lists and deletes what somebody wrote [store objects]", async () => {
        expect(await store.getApplicationProfile(NAMESPACE, "web", { signal })).toBeUndefined();
        expect(await store.getNetworkNeighborhood(NAMESPACE, "web", { signal })).toBeUndefined();
        const metadata = { name: "web", namespace: NAMESPACE };
        await opened.seed({
          kind: "ApplicationProfile",
          metadata,
          spec: { architectures: null, containers: [{ name: "app", execs: [{ path: "/bin/sh", args: null }] }] },
        });
        await opened.seed({
          kind: "NetworkNeighborhood",
          metadata,
          spec: {
            matchLabels: { app: "web" },
            containers: [{ name: "app", egress: [{ identifier: "e", dnsNames: ["a."] }] }],
          },
        });
        const application = await store.getApplicationProfile(NAMESPACE, "web", { signal });
        expect(application?.spec.containers[0]).toMatchObject({ name: "app", execs: [{ path: "/bin/sh", args: [] }] });
        const network = await store.getNetworkNeighborhood(NAMESPACE, "web", { signal });
        expect(network?.spec).toMatchObject({
          matchLabels: { app: "web" },
          containers: [{ egress: [{ dnsNames: ["a."] }] }],
        });
        for (const kind of ["ApplicationProfile", "NetworkNeighborhood"] as const) {
          expect(await store.list(NAMESPACE, { signal, kind })).toMatchObject([metadata]);
          expect(await store.delete(NAMESPACE, "web", { signal, kind })).toBe(true);
          expect(await store.delete(NAMESPACE, "web", { signal, kind })).toBe(false);
        }
        expect(await store.getApplicationProfile(NAMESPACE, "web", { signal })).toBeUndefined();
        expect(await store.getNetworkNeighborhood(NAMESPACE, "web", { signal })).toBeUndefined();
        expect(await store.list(NAMESPACE, { signal })).toEqual([]);
      });
    });

    describe("watchMetadata", () => {
      it("tells what is there, then that it is in sync, then each change, until the signal fires [cache W9] [store watch]", async () => {
        await store.put(profileOf("web", "/bin/sh"), { signal });
        await store.put(profileOf("web", "/bin/sh", undefined, OTHER), { signal });
        const changes: ProfileObjectChange[] = [];
        const states: string[] = [];
        const handler: ProfileWatchHandler = {
          changed: (change) => changes.push(change),
          synced: () => states.push(`synced after ${changes.length}`),
          lost: (reason) => states.push(reason),
        };
        const stop = new AbortController();
        const watching = store.watchMetadata(handler, { signal: stop.signal, namespace: NAMESPACE });
        await waitFor(() => states.length > 0, { describe: "the watch to be in sync" });
        expect(states).toEqual(["synced after 1"]);
        const next = async (count: number): Promise<ProfileObjectChange | undefined> => {
          await waitFor(() => changes.length >= count, { describe: `${count} changes` });
          return changes.at(-1);
        };
        const first = await store.getContainerProfile(NAMESPACE, "web", { signal });
        const about = { kind: "ContainerProfile", namespace: NAMESPACE, name: "web" };
        expect(changes).toEqual([{ ...about, type: "added", resourceVersion: first?.metadata.resourceVersion }]);
        const second = await store.put({ ...first!, spec: { ...first!.spec, syscalls: ["read"] } }, { signal });
        expect(await next(2)).toEqual({ ...about, type: "modified", resourceVersion: second.metadata.resourceVersion });
        await store.delete(NAMESPACE, "web", { signal });
        expect(await next(3)).toMatchObject({ ...about, type: "deleted" });
        const metadata = { name: "ug-web", namespace: NAMESPACE };
        await opened.seed({ kind: "ApplicationProfile", metadata, spec: { containers: [] } });
        expect(await next(4)).toMatchObject({ type: "added", kind: "ApplicationProfile", ...metadata });
        await opened.seed({ kind: "NetworkNeighborhood", metadata, spec: { containers: [] } });
        expect(await next(5)).toMatchObject({ type: "added", kind: "NetworkNeighborhood", ...metadata });
        stop.abort();
        await watching;
        await store.put(profileOf("late", "/bin/sh"), { signal });
        expect([states.length, changes.length]).toEqual([1, 5]);
      });
    });
  });
}
