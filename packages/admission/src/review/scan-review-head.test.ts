import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanReviewHead } from "./scan-review-head.ts";

describe("scanReviewHead", () => {
  it("finds what the API server writes before the objects, and does not look into them", () => {
    const review = {
      kind: "AdmissionReview",
      apiVersion: "admission.k8s.io/v1",
      request: {
        uid: "abc",
        kind: { group: "", version: "v1", kind: "Pod", uid: "wrong" },
        tags: ["uid", "other", "uid"],
        name: "p",
        namespace: "shop",
        object: { metadata: { uid: "wrong", namespace: "wrong" } },
      },
    };
    const text = JSON.stringify(review);
    const expected = { apiVersion: "admission.k8s.io/v1", uid: "abc", namespace: "shop" };
    expect(scanReviewHead(Buffer.from(text))).toEqual(expected);
    const end = text.indexOf('"object"');
    expect(scanReviewHead(Buffer.from(text.slice(0, end)))).toEqual(expected);
    expect(scanReviewHead(Buffer.from(JSON.stringify(review, null, 2)))).toEqual(expected);
  });

  it("does not guess: without uid or version there is no answer", () => {
    expect(
      scanReviewHead(Buffer.from('{"apiVersion":"admission.k8s.io/v1","request":{"object":{"uid":"x"}}}')),
    ).toBeUndefined();
    expect(scanReviewHead(Buffer.from('{"apiVersion":"v1","request":{"uid":"x"}}'))).toBeUndefined();
    expect(scanReviewHead(Buffer.from('{"request":{"uid":"x"}}'))).toBeUndefined();
    expect(scanReviewHead(Buffer.alloc(0))).toBeUndefined();
  });

  it("agrees with a parser on any JSON, and never throws on any bytes", () => {
    const request = fc.record(
      {
        uid: fc.string(),
        namespace: fc.string(),
        name: fc.jsonValue(),
        kind: fc.jsonValue(),
        userInfo: fc.jsonValue(),
      },
      { requiredKeys: ["uid"] },
    );
    fc.assert(
      fc.property(request, (value) => {
        const head = scanReviewHead(Buffer.from(JSON.stringify({ apiVersion: "admission.k8s.io/v1", request: value })));
        if (value.uid === "" || value.uid.length > 256) expect(head).toBeUndefined();
        else expect(head).toEqual({ apiVersion: "admission.k8s.io/v1", uid: value.uid, namespace: value.namespace });
      }),
      { seed: 1, numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        scanReviewHead(Buffer.from(bytes));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
