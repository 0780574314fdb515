import { describe, expect, it } from "vitest";

import { createError } from "./create-error.ts";
import { hasCode } from "./has-code.ts";
import { retiredCodes } from "./retired-codes.ts";
import { errorsErrors } from "./errors.ts";
import { toKingletError } from "./to-kinglet-error.ts";

const table = {
  KINGLET_ERR_TEST_LIMIT: { message: "{name} holds {value}, at most {max}", retryable: true, remedy: "Less." },
};

describe("createError", () => {
  it("fills the template and takes the rest from the row", () => {
    const cause = new Error("why");
    const error = createError(table, "KINGLET_ERR_TEST_LIMIT", { name: "queue", value: 7 }, { cause });
    expect(error).toMatchObject({
      name: "KingletError",
      code: "KINGLET_ERR_TEST_LIMIT",
      message: "queue holds 7, at most {max}",
      details: { name: "queue", value: 7 },
      retryable: true,
      remedy: "Less.",
      cause,
    });
    expect("cause" in createError(table, "KINGLET_ERR_TEST_LIMIT")).toBe(false);
  });

  it("keeps hostile values on one bounded line", () => {
    const error = createError(table, "KINGLET_ERR_TEST_LIMIT", { name: "a\nb".repeat(1_000), value: { x: 1 } });
    expect(error.message).not.toContain("\n");
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).toContain('{"x":1}');
  });

  it("never throws over what a detail holds", () => {
    const circular = Object.create(null) as Record<string, unknown>;
    circular["self"] = circular;
    for (const name of [circular, 1n, Symbol("s"), undefined, () => 1]) {
      expect(createError(table, "KINGLET_ERR_TEST_LIMIT", { name }).code).toBe("KINGLET_ERR_TEST_LIMIT");
    }
  });
});

describe("hasCode", () => {
  it("recognises errors by code, whoever made them", () => {
    expect(hasCode(createError(table, "KINGLET_ERR_TEST_LIMIT"), "KINGLET_ERR_TEST_LIMIT")).toBe(true);
    expect(hasCode({ code: "ENOENT" }, "ENOENT")).toBe(true);
    expect(hasCode(null, "ENOENT")).toBe(false);
    expect(hasCode("ENOENT", "ENOENT")).toBe(false);
  });
});

describe("toKingletError", () => {
  it("leaves ours alone, also those of another copy of the library", () => {
    const ours = createError(table, "KINGLET_ERR_TEST_LIMIT");
    expect(toKingletError(ours)).toBe(ours);
    const copy = Object.assign(new Error("x"), {
      name: "KingletError",
      code: "KINGLET_ERR_X",
      retryable: false,
      details: {},
    });
    expect(toKingletError(copy)).toBe(copy);
  });

  it("wraps anything else and keeps it as cause", () => {
    const foreign = Object.assign(new Error("gone"), { code: "ENOENT" });
    expect(toKingletError(foreign)).toMatchObject({
      code: "KINGLET_ERR_ERRORS_FOREIGN",
      message: "ENOENT gone",
      cause: foreign,
    });
    expect(toKingletError(undefined).message).toBe("unknown error");
  });
});

describe("retiredCodes", () => {
  it("holds well-formed codes that no table of this package uses", () => {
    for (const code of retiredCodes) {
      expect(code).toMatch(/^KINGLET_ERR_[A-Z0-9_]+$/);
      expect(Object.keys(errorsErrors)).not.toContain(code);
    }
  });
});
