import { describe, expect, it } from "vitest";
import { parseReview } from "./parse-review.ts";

function body(request: unknown, apiVersion = "admission.k8s.io/v1", kind = "AdmissionReview"): Buffer {
  return Buffer.from(JSON.stringify({ kind, apiVersion, request }));
}

const pod = {
  uid: "u1",
  operation: "CREATE",
  namespace: "shop",
  resource: { resource: "pods" },
  object: { kind: "Pod" },
};

describe("parseReview", () => {
  it("reads v1 and v1beta1", () => {
    expect(parseReview(body(pod))).toMatchObject({
      apiVersion: "admission.k8s.io/v1",
      request: { uid: "u1", resource: "pods" },
    });
    expect(parseReview(body(pod, "admission.k8s.io/v1beta1")).apiVersion).toBe("admission.k8s.io/v1beta1");
  });

  it("takes what has another type as absent", () => {
    const { request } = parseReview(
      body({ uid: "u", name: 5, userInfo: { username: {}, groups: ["a", 1] }, dryRun: "yes", kind: [] }),
    );
    expect(request).toMatchObject({ name: "", user: "", groups: ["a"], isDryRun: false, kind: "", object: undefined });
  });

  it("reads 10,000 levels of nesting", () => {
    const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    const text = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","object":{"spec":${deep}}}}`;
    expect(parseReview(Buffer.from(text)).request.uid).toBe("u");
  });

  it.each([
    ["no JSON", Buffer.from("{")],
    ["an empty body", Buffer.alloc(0)],
    ["a list", Buffer.from("[]")],
    ["null", Buffer.from("null")],
    ["another kind", body(pod, undefined, "Pod")],
    ["another version", body(pod, "admission.k8s.io/v2")],
    ["no version", Buffer.from('{"kind":"AdmissionReview","request":{"uid":"u"}}')],
    ["no request", body(undefined)],
    ["a request that is a text", body("x")],
    ["no uid", body({ ...pod, uid: undefined })],
    ["a uid that is a number", body({ ...pod, uid: 5 })],
    ["an empty uid", body({ ...pod, uid: "" })],
    ["a uid that is too long", body({ ...pod, uid: "x".repeat(300) })],
    ["broken UTF-8", Buffer.concat([body(pod).subarray(0, -3), Buffer.from([0xff, 0xfe]), Buffer.from("}}")])],
  ])("refuses %s with a code", (_what, bytes) => {
    expect(() => parseReview(bytes)).toThrow(expect.objectContaining({ code: "KINGLET_ERR_ADMISSION_REVIEW" }));
  });
});
