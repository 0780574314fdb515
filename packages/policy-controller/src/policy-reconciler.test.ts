import { createError } from "@kinglet/errors";
import { kubeClientErrors, type KubeClient } from "@kinglet/kube-client";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { describe, expect, it } from "vitest";
import { BundleWriter } from "./bundle/bundle-writer.ts";
import { PolicyReconciler, type ControlledKind } from "./policy-reconciler.ts";
import { securityPolicies, type ControlledObject } from "./resources/controlled-resource.ts";
import { ResourceBook } from "./resources/resource-book.ts";

const { signal } = new AbortController();
const key = "policy:kinglet/shop";

/** A reconciler of one policy whose watch brings what was written only when it is told to. */
function openReconciler() {
  let version = 1;
  let stored: ControlledObject | undefined = {
    metadata: { name: "shop", namespace: "kinglet", uid: "u1", resourceVersion: "1", generation: 1 },
    spec: {},
  };
  let seen: ControlledObject | undefined = stored;
  const patches: object[] = [];
  const missing = async (): Promise<never> => {
    throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND", {
      what: "it",
    });
  };
  const client = {
    get: missing,
    create: async () => ({}),
    replace: missing,
    delete: missing,
    patch: async (_resource: unknown, _name: string, patch: Partial<ControlledObject>) => {
      patches.push(patch);
      expect(patch.metadata?.resourceVersion).toBe(stored?.metadata.resourceVersion);
      version += 1;
      stored = {
        ...(stored as ControlledObject),
        ...patch,
        metadata: { ...stored?.metadata, ...(patch.metadata as object), resourceVersion: String(version) },
      } as ControlledObject;
      return stored;
    },
  } as unknown as KubeClient;
  const judge = async () => ({ isValid: true, claimedName: "Shop", message: "" });
  const kind: ControlledKind = {
    prefix: "policy",
    resource: securityPolicies,
    informer: {
      get: () => seen,
      values: () => (seen === undefined ? [] : [seen]).values(),
    },
    book: new ResourceBook(judge, new Map()),
    part: "policies",
    finalizer: "kinglet.dev/test",
  };
  const reconciler = new PolicyReconciler({
    client,
    kinds: [kind],
    writer: new BundleWriter(client, "kinglet"),
    queue: { add: () => {} },
    clock: systemClock,
    logger: noopLogger,
  });
  return {
    patches,
    reconcile: (which: string) => reconciler.reconcile(which, { signal }),
    watch: (change: (object: ControlledObject) => ControlledObject = (object) => object) => {
      stored = change(stored as ControlledObject);
      seen = stored;
    },
  };
}

describe("PolicyReconciler", () => {
  it("writes to a state once, however often it is asked before the watch brings what came of the write", async () => {
    const { patches, reconcile, watch } = openReconciler();
    await reconcile(key);
    expect(patches).toEqual([{ metadata: { uid: "u1", resourceVersion: "1", finalizers: ["kinglet.dev/test"] } }]);
    // The bundle is written before the watch brings the finalizer, and asks for the policy again.
    await reconcile("bundle");
    await reconcile(key);
    expect(patches).toHaveLength(1);
    watch();
    await reconcile(key);
    expect(patches).toHaveLength(2);
    await reconcile(key);
    watch();
    await reconcile(key);
    expect(patches).toHaveLength(2);
  });

  it("lets go of a deleted policy once", async () => {
    const { patches, reconcile, watch } = openReconciler();
    await reconcile(key);
    watch((object) => ({ ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-11-21T00:00:00Z" } }));
    await reconcile("bundle");
    await reconcile(key);
    await reconcile(key);
    expect(patches.slice(1)).toEqual([{ metadata: { uid: "u1", resourceVersion: "2", finalizers: [] } }]);
  });
});
