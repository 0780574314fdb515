import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReview } from "./parse-review.ts";
import { scanReviewHead } from "./scan-review-head.ts";

describe("scanReviewHead", () => {
  it("finds what the API server writes before the objects, and does not look into them", () => {
    const review = {
      kind: "AdmissionReview",
      apiVersion: "admission.k8s.io/v1",
      request: {
        uid: "abc",
        kind: { group: "", version: "v1", kind: "Pod", uid: "wrong" },
        resource: { group: "", version: "v1", resource: "pods" },
        subResource: "exec",
        tags: ["uid", "other", "uid"],
        name: "p",
        namespace: "shop",
        operation: "CONNECT",
        userInfo: {
          username: "ann",
          uid: "wrong",
          groups: ["a", "b"],
          extra: { groups: ["wrong"], username: ["wrong"] },
        },
        object: { metadata: { uid: "wrong", namespace: "wrong" }, operation: "wrong", userInfo: { username: "wrong" } },
      },
    };
    const text = JSON.stringify(review);
    const request = {
      namespace: "shop",
      operation: "CONNECT",
      resource: "pods",
      subResource: "exec",
      user: "ann",
      groups: ["a", "b"],
    };
    const expected = { apiVersion: "admission.k8s.io/v1", uid: "abc", request };
    expect(scanReviewHead(Buffer.from(text))).toEqual(expected);
    const end = text.indexOf('"object"');
    expect(scanReviewHead(Buffer.from(text.slice(0, end)))).toEqual(expected);
    expect(scanReviewHead(Buffer.from(JSON.stringify(review, null, 2)))).toEqual(expected);
    const cut = Buffer.from(text.slice(0, text.indexOf(',"b"]')));
    expect(scanReviewHead(cut)).toEqual({ ...expected, request: undefined });
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
    const text = fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 2 }));
    const user = fc.record(
      {
        username: text,
        groups: fc.oneof(fc.array(fc.oneof(fc.string(), fc.string(), fc.jsonValue()))),
        extra: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const resource = fc.record({ group: text, resource: text }, { requiredKeys: [] });
    const request = fc.record(
      {
        uid: fc.string(),
        namespace: text,
        operation: text,
        subResource: text,
        name: fc.jsonValue(),
        kind: fc.jsonValue(),
        resource: fc.oneof(resource, resource, fc.jsonValue()),
        userInfo: fc.oneof(user, user, user, fc.jsonValue()),
      },
      { requiredKeys: ["uid"] },
    );
    let whole = 0;
    fc.assert(
      fc.property(request, (value) => {
        const review = Buffer.from(
          JSON.stringify({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request: value }),
        );
        const head = scanReviewHead(review);
        if (value.uid === "" || value.uid.length > 256) {
          expect(head).toBeUndefined();
          return;
        }
        expect(head).toMatchObject({ apiVersion: "admission.k8s.io/v1", uid: value.uid });
        if (head?.request === undefined) return;
        whole += 1;
        expect(parseReview(review).request).toMatchObject(head.request);
      }),
      { seed: 1, numRuns: 3000 },
    );
    expect(whole).toBeGreaterThan(30);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        scanReviewHead(Buffer.from(bytes));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
