import { describe, expect, it } from "vitest";
import { managerOfUserAgent, parseWriteOptions } from "./write-options.ts";

describe("parseWriteOptions", () => {
  const parse = (query: string, isApply?: boolean) =>
    parseWriteOptions(new URLSearchParams(query), "PatchOptions", isApply);

  it("reads options and their defaults [client M4]", () => {
    expect(parse("")).toEqual({ isDryRun: false, fieldManager: "", directive: "Warn", isForced: false });
    expect(parse("dryRun=All&fieldManager=m&fieldValidation=Strict&force=true", true)).toEqual({
      isDryRun: true,
      fieldManager: "m",
      directive: "Strict",
      isForced: true,
    });
  });

  it("demands a manager of an apply and forbids force elsewhere [client M2]", () => {
    expect(() => parse("", true)).toThrow("fieldManager: Required value: is required for apply patch");
    expect(() => parse("force=false", false)).toThrow("force: Forbidden: may not be specified for non-apply patch");
  });

  it("names every wrong option", () => {
    const query = `fieldManager=${"x".repeat(129)}%09&dryRun=some&fieldValidation=maybe`;
    expect(() => parse(query)).toThrow(
      'PatchOptions.meta.k8s.io "" is invalid: [fieldManager: Too long: may not be more than 128 bytes, fieldManager: Invalid value:',
    );
    expect(() => parse("fieldValidation=maybe")).toThrow('supported values: "", "Ignore", "Strict", "Warn"');
  });
});

describe("managerOfUserAgent", () => {
  it("is what comes before the slash, printable and at most 128 bytes", () => {
    expect(managerOfUserAgent("kubectl/v1.36 (linux)")).toBe("kubectl");
    expect(managerOfUserAgent("")).toBe("");
    expect(managerOfUserAgent(`a\u0001${"ä".repeat(100)}`)).toBe(`a${"ä".repeat(63)}`);
  });
});
