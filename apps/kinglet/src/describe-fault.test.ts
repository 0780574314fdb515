import { createError } from "@kinglet/errors";
import { describe, expect, it } from "vitest";
import { describeFault } from "./describe-fault.ts";
import { kingletErrors } from "./errors.ts";

describe("describeFault", () => {
  it("leaves an error with a code of ours as it is", () => {
    const error = createError(kingletErrors, "KINGLET_ERR_KINGLET_STATE_DIR", { path: "/x", reason: "EACCES" });
    expect(describeFault(error)).toBe("KINGLET_ERR_KINGLET_STATE_DIR state folder /x cannot be used: EACCES");
  });

  it("gives anything else a code and the place in the program", () => {
    const error = Object.assign(new Error("cannot read"), {
      stack: "TypeError: cannot read\n    at run (/secret/folder/kinglet.cjs:12:34)\n    at /other/x.cjs:1:1",
    });
    expect(describeFault(error)).toBe(
      "KINGLET_ERR_KINGLET_UNEXPECTED unexpected fault: cannot read, at run (kinglet.cjs:12:34)",
    );
  });

  it("makes one bounded line without credentials of whatever was thrown", () => {
    const hostile = {
      get stack(): string {
        throw new Error("no");
      },
    };
    for (const thrown of [undefined, null, "x", 1n, Symbol("s"), {}, hostile, new Error("a\nb\u001b[2J".repeat(999))]) {
      const line = describeFault(thrown);
      expect(line).toMatch(/^KINGLET_ERR_KINGLET_UNEXPECTED [^\u0000-\u001f\u007f]{1,1000}$/);
    }
    expect(describeFault(new Error("password=hunter2"))).not.toContain("hunter2");
  });
});
