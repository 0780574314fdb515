import { parseContainerProfile, type ContainerProfile, type ProfileMetadata } from "@kinglet/profile";
import type { ProfileSource } from "@kinglet/profile-cache";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** The shape of `ProfileStore` of `@kinglet/storage-client`, which this package must not import: it is tested with this one. */
export interface ProfileStoreUnderTest extends ProfileSource {
  list(namespace: string, options: { readonly signal: AbortSignal }): Promise<readonly ProfileMetadata[]>;
  put(profile: ContainerProfile, options: { readonly signal: AbortSignal }): Promise<ContainerProfile>;
  delete(namespace: string, name: string, options: { readonly signal: AbortSignal }): Promise<boolean>;
}

/** An empty store and what holds it. */
export interface OpenedProfileStore extends AsyncDisposable {
  readonly store: ProfileStoreUnderTest;
}

const NAMESPACE = "shop";

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
 * @param open - makes an empty store; namespaces `shop` and `other` must be usable.
 */
export function describeProfileStore(name: string, open: () => Promise<OpenedProfileStore>): void {
  describe(`${name} as a profile store`, () => {
    let opened: OpenedProfileStore;
    let store: ProfileStoreUnderTest;
    const { signal } = new AbortController();

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });

    afterEach(async () => {
      await opened[Symbol.asyncDispose]();
    });

    it("answers undefined for what does not exist, in a namespace that exists or not", async () => {
      expect(await store.getContainerProfile(NAMESPACE, "nobody", { signal })).toBeUndefined();
      await store.put(profileOf("web", "/bin/sh"), { signal });
      expect(await store.getContainerProfile(NAMESPACE, "nobody", { signal })).toBeUndefined();
    });

    it("gives back what was put, whole, with uid and version", async () => {
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

    it("keeps the version while nothing is written, and changes it with the content", async () => {
      const stored = await store.put(profileOf("web", "/bin/sh"), { signal });
      const again = await store.getContainerProfile(NAMESPACE, "web", { signal });
      expect(again?.metadata.resourceVersion).toBe(stored.metadata.resourceVersion);
      const next = await store.put(profileOf("web", "/bin/ls", stored.metadata.resourceVersion), { signal });
      expect(next.metadata.resourceVersion).not.toBe(stored.metadata.resourceVersion);
      expect(next.metadata.uid).toBe(stored.metadata.uid);
      expect((await store.getContainerProfile(NAMESPACE, "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/ls");
    });

    it("refuses to create what exists", async () => {
      await store.put(profileOf("web", "/bin/sh"), { signal });
      await expect(store.put(profileOf("web", "/bin/ls"), { signal })).rejects.toMatchObject({
        code: "KINGLET_ERR_STORAGE_CLIENT_CONFLICT",
        retryable: true,
      });
      expect((await store.getContainerProfile(NAMESPACE, "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/sh");
    });

    it("refuses to replace another version than the one that was read", async () => {
      const first = await store.put(profileOf("web", "/bin/sh"), { signal });
      await store.put(profileOf("web", "/bin/ls", first.metadata.resourceVersion), { signal });
      const late = profileOf("web", "/bin/cat", first.metadata.resourceVersion);
      await expect(store.put(late, { signal })).rejects.toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_CONFLICT" });
      expect((await store.getContainerProfile(NAMESPACE, "web", { signal }))?.spec.execs[0]?.path).toBe("/bin/ls");
    });

    it("says that it is gone when what shall be replaced was deleted", async () => {
      const first = await store.put(profileOf("web", "/bin/sh"), { signal });
      await store.delete(NAMESPACE, "web", { signal });
      const late = profileOf("web", "/bin/cat", first.metadata.resourceVersion);
      await expect(store.put(late, { signal })).rejects.toMatchObject({ code: "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND" });
    });

    it("lets exactly one of several writers of one version win", async () => {
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

    it("lists the metadata of one namespace, and nothing but metadata", async () => {
      expect(await store.list(NAMESPACE, { signal })).toEqual([]);
      const web = await store.put(profileOf("web", "/bin/sh"), { signal });
      await store.put(profileOf("db", "/bin/sh"), { signal });
      await store.put(profileOf("web", "/bin/sh", undefined, "other"), { signal });
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

    it("rejects with the reason of a signal that fired before the call", async () => {
      const reason = new Error("stop");
      const stopped = AbortSignal.abort(reason);
      await expect(store.getContainerProfile(NAMESPACE, "web", { signal: stopped })).rejects.toBe(reason);
      await expect(store.list(NAMESPACE, { signal: stopped })).rejects.toBe(reason);
      await expect(store.put(profileOf("web", "/bin/sh"), { signal: stopped })).rejects.toBe(reason);
      await expect(store.delete(NAMESPACE, "web", { signal: stopped })).rejects.toBe(reason);
      expect(await store.getContainerProfile(NAMESPACE, "web", { signal })).toBeUndefined();
    });
  });
}
