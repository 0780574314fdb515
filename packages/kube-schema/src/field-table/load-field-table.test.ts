import { describe, expect, it } from "vitest";
import { loadFieldTable } from "./load-field-table.ts";
import { readFieldTableText } from "./gen/field-table-text.ts";

const table = loadFieldTable();
const row = (message: string, name: string) => table.rows(message)?.find((candidate) => candidate.name === name);

describe("loadFieldTable", () => {
  it("returns the same table and the same rows each time", () => {
    expect(loadFieldTable()).toBe(table);
    expect(table.rows("k8s.io.api.core.v1.Pod")).toBe(table.rows("k8s.io.api.core.v1.Pod"));
  });

  it.each([
    ["v1", "Pod", "k8s.io.api.core.v1.Pod"],
    ["apps/v1", "DeploymentList", "k8s.io.api.apps.v1.DeploymentList"],
    ["policy/v1", "Eviction", "k8s.io.api.policy.v1.Eviction"],
    ["autoscaling/v1", "Scale", "k8s.io.api.autoscaling.v1.Scale"],
    ["authentication.k8s.io/v1", "TokenRequest", "k8s.io.api.authentication.v1.TokenRequest"],
    [
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    ],
    ["apiregistration.k8s.io/v1", "APIService", "k8s.io.kube_aggregator.pkg.apis.apiregistration.v1.APIService"],
    ["v1", "Status", "k8s.io.apimachinery.pkg.apis.meta.v1.Status"],
    ["apps/v1", "DeleteOptions", "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions"],
    ["v1", "WatchEvent", "k8s.io.apimachinery.pkg.apis.meta.v1.WatchEvent"],
    ["meta.k8s.io/v1", "PartialObjectMetadataList", "k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList"],
    [
      "meta.k8s.io/v1beta1",
      "PartialObjectMetadataList",
      "k8s.io.apimachinery.pkg.apis.meta.v1beta1.PartialObjectMetadataList",
    ],
  ])("finds %s %s", (apiVersion, kind, message) => {
    expect(table.messageOf(apiVersion, kind)).toBe(message);
  });

  it("knows no custom kinds, and no parts as kinds", () => {
    expect(table.messageOf("kubescape.io/v1", "Rules")).toBeUndefined();
    expect(table.messageOf("v1", "Rules")).toBeUndefined();
    expect(table.messageOf("v1", "PodSpec")).toBeUndefined();
    expect(table.rows("k8s.io.api.core.v1.Nothing")).toBeUndefined();
  });

  it("names fields as JSON does and numbers them as protobuf does", () => {
    expect(row("k8s.io.api.core.v1.PodStatus", "podIPs")).toMatchObject({ number: 12, isRepeated: true });
    expect(
      row("k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", "x-kubernetes-list-type"),
    ).toMatchObject({ number: 42, type: "string", isPointer: true });
  });

  it("tells pointers, maps, embedded structs and what JSON leaves out", () => {
    expect(row("k8s.io.api.core.v1.PodSpec", "terminationGracePeriodSeconds")).toEqual({
      name: "terminationGracePeriodSeconds",
      number: 4,
      type: "int64",
      message: undefined,
      isRepeated: false,
      isMap: false,
      omitsEmpty: true,
      isPointer: true,
      isInline: false,
    });
    expect(row("k8s.io.api.core.v1.Volume", "volumeSource")).toMatchObject({
      isInline: true,
      message: "k8s.io.api.core.v1.VolumeSource",
    });
    expect(row("k8s.io.api.core.v1.ResourceRequirements", "limits")).toMatchObject({
      isMap: true,
      message: "k8s.io.apimachinery.pkg.api.resource.Quantity",
      omitsEmpty: true,
    });
    // A struct is never empty for encoding/json; creationTimestamp has omitzero.
    expect(row("k8s.io.api.core.v1.Pod", "status")?.omitsEmpty).toBe(false);
    expect(row("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", "creationTimestamp")?.omitsEmpty).toBe(true);
    expect(row("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", "deletionTimestamp")?.isPointer).toBe(true);
    expect(row("k8s.io.api.rbac.v1.ClusterRole", "rules")?.omitsEmpty).toBe(false);
  });

  it("names what is not written as an object of its fields", () => {
    expect(table.special("k8s.io.apimachinery.pkg.apis.meta.v1.Time")).toBe("time");
    expect(table.special("k8s.io.api.authentication.v1.ExtraValue")).toBe("stringList");
    expect(table.special("k8s.io.api.core.v1.Pod")).toBeUndefined();
  });

  it("has every message that a field names, and one row for each number and name", () => {
    let packageName = "";
    for (const line of readFieldTableText().split("\n")) {
      if (line.startsWith("# ")) packageName = line.split(" ")[1]!;
      const name = /^\w+/.exec(line)?.[0];
      if (name === undefined) continue;
      const rows = table.rows(`${packageName}.${name}`)!;
      expect(new Set(rows.map(({ number }) => number)).size, name).toBe(rows.length);
      expect(new Set(rows.map(({ name }) => name)).size, name).toBe(rows.length);
      for (const { message, type } of rows) {
        if (type === "message") expect(table.rows(message!), message).toBeDefined();
      }
    }
  });
});
