import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createError } from "./create-error.ts";
import { describeError } from "./describe-error.ts";

const table = {
  KINGLET_ERR_TEST_FILE: { message: "{path} cannot be used", retryable: false, remedy: "Use another." },
};

describe("describeError", () => {
  it("says message, code and causes in one line", () => {
    const cause = Object.assign(new Error("EACCES: permission denied, open 'a'"), { code: "EACCES" });
    const error = createError(table, "KINGLET_ERR_TEST_FILE", { path: "a" }, { cause });
    expect(describeError(error)).toBe(
      "KINGLET_ERR_TEST_FILE a cannot be used (caused by EACCES: permission denied, open 'a')",
    );
  });

  it.each([
    ["text", "text"],
    [undefined, "unknown error"],
    [null, "null"],
    [42, "42"],
    [new TypeError(""), "TypeError"],
    [{ code: 7, message: "odd" }, "7 odd"],
    [new Error("two\nlines\u001b[31m"), "two lines [31m"],
    [new AggregateError([new Error("connect ECONNREFUSED ::1")]), "connect ECONNREFUSED ::1"],
  ])("describes %o", (error, line) => {
    expect(describeError(error)).toBe(line);
  });

  it("does not repeat what a wrapper already says", () => {
    expect(describeError(new Error("reading a: gone", { cause: new Error("gone") }))).toBe("reading a: gone");
  });

  it("ends on circular and endless chains of causes", () => {
    const circular = new Error("round");
    circular.cause = circular;
    expect(describeError(circular)).toBe("round");
    let chain = new Error("level 0");
    for (let level = 1; level <= 50; level++) chain = new Error(`level ${level}`, { cause: chain });
    expect(describeError(chain)).toBe("level 50 (caused by level 49; level 48; level 47; level 46)");
  });

  it.each([
    "Authorization: Bearer abcdefgh12345678",
    "got eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2lnbmF0dXJl back",
    "connect https://user:abcdefgh12345678@host:6443/x",
    "bad options: password=abcdefgh12345678",
    'body {"token": "abcdefgh12345678"}',
  ])("blanks the credential in %j", (message) => {
    const line = describeError(new Error(message));
    expect(line).toContain("[redacted]");
    expect(line).not.toMatch(/abcdefgh12345678|eyJ/);
  });

  it("never reads more of a foreign error than message, code, name, causes", () => {
    const error = Object.assign(new Error("failed"), { headers: { authorization: "hunter2" } });
    expect(describeError(error)).toBe("failed");
    const hostile = Object.defineProperty({}, "message", {
      get: () => {
        throw new Error("no");
      },
    });
    expect(describeError(hostile)).toBe("unknown error");
  });

  it("is one bounded line for anything", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: "binary", maxLength: 3_000 })), (thrown) => {
        for (const error of [thrown, new Error(typeof thrown, { cause: thrown })]) {
          const line = describeError(error);
          expect(line.length).toBeLessThanOrEqual(1_000);
          expect(line).not.toMatch(/[\u0000-\u001f\u2028\u2029]/);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
