import { describe, expect, it } from "vitest";
import { containerProfiles, namespaces, pods } from "./resource-definition.ts";
import { collectionPath, objectPath } from "./resource-path.ts";

describe("collectionPath", () => {
  it("has exactly one question mark whatever the query holds [start-up L3]", () => {
    const query = {
      watch: true,
      labelSelector: "app in (a,b),x!=y?",
      fieldSelector: "spec.nodeName=n 1&2",
      limit: 500,
    };
    expect(collectionPath(pods, "shop", query)).toBe(
      "/api/v1/namespaces/shop/pods?watch=true&labelSelector=app+in+%28a%2Cb%29%2Cx%21%3Dy%3F&fieldSelector=spec.nodeName%3Dn+1%262&limit=500",
    );
  });

  it("leaves out what is not asked", () => {
    expect(collectionPath(pods, undefined, { resourceVersion: "", limit: undefined })).toBe("/api/v1/pods");
    expect(collectionPath(namespaces, "ignored", {})).toBe("/api/v1/namespaces");
  });
});

describe("objectPath", () => {
  it("encodes names and keeps their case [client M8]", () => {
    const path = objectPath(containerProfiles, { namespace: "Shop", name: "My:Role/x", subresource: "status" }, {});
    expect(path).toBe(
      "/apis/spdx.softwarecomposition.kubescape.io/v1beta1/namespaces/Shop/containerprofiles/My%3ARole%2Fx/status",
    );
  });

  it.each(["", ".", ".."])("refuses the name %j, which would address something else", (name) => {
    expect(() => objectPath(pods, { namespace: "shop", name }, {})).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" }),
    );
  });

  it("refuses a namespaced object without a namespace", () => {
    expect(() => objectPath(pods, { name: "a" }, {})).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" }),
    );
  });
});
