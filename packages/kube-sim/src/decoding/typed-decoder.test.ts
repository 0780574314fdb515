import { loadStructure, type StructuralType } from "@kinglet/kube-schema/structure";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalQuantity } from "./canonical-quantity.ts";
import { decodeTyped } from "./typed-decoder.ts";

const typeOf = (apiVersion: string, kind: string): StructuralType => {
  const type = loadStructure().typeOf(apiVersion, kind);
  if (type === undefined) throw new Error(`no ${kind}`);
  return type;
};

describe("decodeTyped", () => {
  it("drops unknown and empty fields, names the unknown ones, and fills in what is always written", () => {
    const container = { name: "c", image: "i", args: [], tty: false, foo: 1, resources: null };
    const pod = {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name: "p", labels: {} },
      spec: { containers: [container] },
      x: 1,
    };
    const { value, unknown } = decodeTyped(typeOf("v1", "Pod"), pod);
    expect(unknown).toEqual(["spec.containers[0].foo", "x"]);
    expect(value).toEqual({
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "i", resources: {} }] },
      status: {},
    });
  });

  it("keeps zeros behind pointers and brings times and quantities into their form", () => {
    const deployment = {
      metadata: { deletionTimestamp: "2026-01-01T01:00:00+01:00" },
      spec: { replicas: 0, paused: false },
    };
    const { value } = decodeTyped(typeOf("apps/v1", "Deployment"), deployment);
    expect(value).toMatchObject({
      metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
      spec: { replicas: 0, selector: null },
    });
    expect(value["spec"]).not.toHaveProperty("paused");
  });

  it.each([
    [
      "v1",
      "ConfigMap",
      { data: { a: 1 } },
      "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
    ],
    [
      "apps/v1",
      "Deployment",
      { spec: { replicas: "5" } },
      "Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    ["v1", "Pod", { spec: { containers: {} } }, "Go struct field PodSpec.spec.containers of type []v1.Container"],
    ["v1", "Secret", { data: { a: "!" } }, "illegal base64 data at input byte 0"],
  ])("refuses a value of a wrong type in %s %s", (apiVersion, kind, body, message) => {
    expect(() => decodeTyped(typeOf(apiVersion, kind), body)).toThrow(message);
  });

  it("finds nothing more to do the second time", () => {
    const type = typeOf("v1", "Pod");
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const labels = fc.dictionary(fc.string(), fc.string());
    const body = fc.record({
      metadata: fc.record({ name: fc.string(), labels }),
      spec: fc.record({
        hostNetwork: fc.boolean(),
        nodeName: fc.string(),
        nodeSelector: labels,
        priority: fc.integer({ min: 0, max: 99 }),
      }),
      extra: leaf,
    });
    const property = fc.property(body, (pod) => {
      const once = decodeTyped(type, pod).value;
      const twice = decodeTyped(type, once);
      expect(twice).toEqual({ value: once, unknown: [] });
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});

describe("canonicalQuantity", () => {
  it.each([
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["1e-1", "100e-3"],
    ["1000000", "1M"],
    ["0", "0"],
    ["-1500m", "-1500m"],
  ])("writes %s as %s", (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  it("is no quantity without digits or with an unknown suffix", () => {
    expect(["", "x", "1x", "Mi", "1KiB"].map(canonicalQuantity)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
