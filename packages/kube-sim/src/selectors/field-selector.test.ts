import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesFields, parseFieldSelector } from "./field-selector.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { SimResource } from "../resources/sim-resource.ts";

const pods: SimResource = {
  group: "",
  version: "v1",
  plural: "pods",
  singular: "pod",
  kind: "Pod",
  namespaced: true,
  fieldSelectors: { "spec.nodeName": "", "status.phase": "" },
};

function pod(name: string, nodeName: string | undefined, phase: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "ns", uid: "u", resourceVersion: "1", creationTimestamp: "" },
    spec: nodeName === undefined ? {} : { nodeName },
    status: { phase },
  };
}

const escapeText = (text: string): string => text.replace(/[\\,=]/g, "\\$&");

describe("parseFieldSelector", () => {
  it("selects exactly the objects whose fields say so, whatever characters they hold", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ",", "=", "\\", "!", " "), maxLength: 4 });
    const condition = fc.record({
      path: fc.constantFrom("metadata.name", "spec.nodeName", "status.phase"),
      isEqual: fc.boolean(),
      value: text,
    });
    const property = fc.property(
      fc.array(condition, { maxLength: 3 }),
      fc.record({ name: text, nodeName: fc.option(text, { nil: undefined }), phase: text }),
      (conditions, fields) => {
        const selector = conditions
          .map(({ path, isEqual, value }) => `${path}${isEqual ? "=" : "!="}${escapeText(value)}`)
          .join(",");
        const object = pod(fields.name, fields.nodeName, fields.phase);
        const actual: Record<string, string> = {
          "metadata.name": fields.name,
          "spec.nodeName": fields.nodeName ?? "",
          "status.phase": fields.phase,
        };
        expect(matchesFields(parseFieldSelector(selector, pods), pods, object)).toBe(
          conditions.every(({ path, isEqual, value }) => (actual[path] === value) === isEqual),
        );
      },
    );
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("refuses fields in the words of the kind", () => {
    expect(() => parseFieldSelector("spec.foo=1", pods)).toThrow("field label not supported: spec.foo");
    expect(() => parseFieldSelector("data.i=3", { ...pods, listsSupportedFields: true })).toThrow(
      '"data.i" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
  });
});
