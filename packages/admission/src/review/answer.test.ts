import { describe, expect, it } from "vitest";
import { renderAnswer, shorten, type Answer } from "./answer.ts";

const allowed: Answer = {
  allowed: true,
  outcome: "allowed",
  reason: "",
  message: "",
  warnings: [],
  auditAnnotations: {},
};

describe("renderAnswer", () => {
  it("echoes version and uid and says nothing more than needed", () => {
    expect(JSON.parse(renderAnswer("admission.k8s.io/v1beta1", "u", allowed))).toEqual({
      kind: "AdmissionReview",
      apiVersion: "admission.k8s.io/v1beta1",
      response: { uid: "u", allowed: true },
    });
  });

  it("refuses with a status that the API server passes on", () => {
    const answer = { ...allowed, allowed: false, outcome: "denied", message: "no" } as const;
    expect(JSON.parse(renderAnswer("admission.k8s.io/v1", "u", answer))).toMatchObject({
      response: { allowed: false, status: { status: "Failure", code: 403, reason: "Forbidden", message: "no" } },
    });
  });

  it("keeps warnings within what the API server passes on: 120 characters each, 4,096 together, one line", () => {
    const warnings = Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(200)}\n\u0007`);
    const { response } = JSON.parse(renderAnswer("admission.k8s.io/v1", "u", { ...allowed, warnings })) as {
      response: { warnings: readonly string[] };
    };
    expect(Math.max(...response.warnings.map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(response.warnings.join("").length).toBeLessThanOrEqual(4096);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(response.warnings.join("")).not.toMatch(/[\u0000-\u001f]/);
    expect(response.warnings.at(-1)).toMatch(/^and \d+ more warnings$/);
  });
});

describe("shorten", () => {
  it("does not cut a character in two", () => {
    expect(shorten("abcdef\u{1f600}ghij", 10)).toBe("abcdef...");
  });
});
