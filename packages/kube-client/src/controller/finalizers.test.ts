import { hasCode } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { fault, MemoryApi } from "../../test/memory-api.ts";
import { deployments } from "../index.ts";
import { addFinalizer, removeFinalizer, type FinalizedObject } from "./finalizers.ts";

const mine = "kinglet.dev/cleanup";

async function stored(api: MemoryApi, extra: object = {}): Promise<FinalizedObject> {
  return api.create<FinalizedObject>(deployments, {
    metadata: { name: "web", namespace: "shop", uid: "u", finalizers: ["other/one"], ...extra },
  });
}

describe("addFinalizer and removeFinalizer", () => {
  it("leave the others alone and write nothing when there is nothing to do [client M12]", async () => {
    const api = new MemoryApi();
    const object = await stored(api);
    expect(await addFinalizer(api, deployments, object, mine)).toBe(true);
    const added = await api.get<FinalizedObject>(deployments, "web");
    expect(added.metadata.finalizers).toEqual(["other/one", mine]);
    const { length } = api.calls;
    await addFinalizer(api, deployments, added, mine);
    await removeFinalizer(api, deployments, object, mine);
    expect(api.calls).toHaveLength(length);
    await removeFinalizer(api, deployments, added, mine);
    expect((await api.get<FinalizedObject>(deployments, "web")).metadata.finalizers).toEqual(["other/one"]);
  });

  it("are guarded by the version, and never add one to an object that is being deleted [client M12]", async () => {
    const api = new MemoryApi();
    const object = await stored(api);
    await api.patch(deployments, "web", { spec: {} });
    const failed = await addFinalizer(api, deployments, object, mine).catch((error: unknown) => error);
    expect(hasCode(failed, "KINGLET_ERR_KUBE_CLIENT_CONFLICT")).toBe(true);
    const going = { metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    expect(await addFinalizer(api, deployments, going, mine)).toBe(false);
  });

  it("take an object that is gone for freed, and no name that is not qualified [client M12]", async () => {
    const api = new MemoryApi();
    const object = await stored(api, { finalizers: [mine] });
    api.fault = () => fault("NOT_FOUND");
    await removeFinalizer(api, deployments, object, mine);
    await expect(addFinalizer(api, deployments, object, "plain")).rejects.toThrow(/must be a qualified name/);
  });
});
