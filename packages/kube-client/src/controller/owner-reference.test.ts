import { describe, expect, it } from "vitest";
import { deployments, nodes, type KubeObject } from "../index.ts";
import { addOwner } from "./owner-reference.ts";

const owner: KubeObject = { metadata: { name: "web", namespace: "shop", uid: "u1", resourceVersion: "1" } };

describe("addOwner", () => {
  it("refers to an owner in the same namespace, once, as the one controller [client M13]", () => {
    const one = addOwner({ namespace: "shop" }, owner, deployments);
    expect(one).toEqual([{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "u1", controller: true }]);
    const again = addOwner({ namespace: "shop", ownerReferences: one }, owner, deployments, { blocksDeletion: true });
    expect(again).toEqual([{ ...one[0], blockOwnerDeletion: true }]);
    const other = { metadata: { ...owner.metadata, name: "other", uid: "u2" } };
    expect(() => addOwner({ namespace: "shop", ownerReferences: one }, other, deployments)).toThrow(
      /Deployment web is the controller/,
    );
    expect(
      addOwner({ namespace: "shop", ownerReferences: one }, other, deployments, { isController: false }),
    ).toHaveLength(2);
  });

  it("refuses an owner in another namespace, and takes one of the cluster scope [client M13]", () => {
    expect(() => addOwner({ namespace: "other" }, owner, deployments)).toThrow(/Deployment shop\/web cannot own/);
    expect(() => addOwner({ namespace: undefined }, owner, deployments)).toThrow(/the cluster scope/);
    const node = { metadata: { name: "n", uid: "u3", resourceVersion: "1" } };
    expect(addOwner({ namespace: "other" }, node, nodes)[0]).toMatchObject({ apiVersion: "v1", kind: "Node" });
  });
});
