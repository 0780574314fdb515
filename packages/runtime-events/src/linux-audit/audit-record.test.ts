import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeAuditValue } from "../../test/audit-log-fixture.ts";
import { auditField, auditHexNumber, auditNumber, tryParseAuditRecord } from "./audit-record.ts";

const syscall =
  'type=SYSCALL msg=audit(1795208177.455:129): arch=c000003e syscall=59 success=yes exit=0 a0=5ac272 ppid=24250 pid=24261 comm="sh"';

describe("tryParseAuditRecord", () => {
  it("reads the raw and the enriched format [linux-audit formats]", () => {
    const raw = tryParseAuditRecord(syscall);
    expect(raw).toMatchObject({
      type: "SYSCALL",
      nodeName: "",
      stamp: "1795208177.455:129",
      timeMs: 1_795_208_177_455,
      serial: 129,
      enrichment: "",
    });
    const enriched = tryParseAuditRecord(`node=n1 ${syscall}\u001dARCH=x86_64 SYSCALL=execve`);
    expect(enriched).toEqual({ ...raw, nodeName: "n1", enrichment: " ARCH=x86_64 SYSCALL=execve" });
    expect(auditField(enriched?.enrichment ?? "", "SYSCALL")).toBe("execve");
  });

  it("takes nothing else for a record", () => {
    const others = [
      "",
      "type=SYSCALL",
      "type=SYSCALL msg=audit(1.0:5)",
      "type=SYSCALL msg=audit(:5): x=1",
      "type=SYSCALL msg=audit(1.0:-5): x=1",
      "type=SYSCALL msg=audit(1e30:5): x=1",
      "type=SYSCALL msg=audit(NaN:5): x=1",
      `type=SYSCALL msg=audit(${"1".repeat(100)}:5): x=1`,
      "node=x",
    ];
    for (const line of others) expect(tryParseAuditRecord(line)).toBeUndefined();
  });

  it("never throws, whatever comes [linux-audit hostile]", () => {
    const piece = fc.constantFrom(
      "type=",
      "SYSCALL",
      " ",
      "msg=audit(",
      "1.0",
      ":",
      "5",
      "):",
      "a0=",
      '"',
      "\u001d",
      "node=",
      "\0",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }), (pieces) => {
        tryParseAuditRecord(pieces.join(""));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe("auditField", () => {
  it("tells a name from one that ends like it, and finds the last field", () => {
    const fields = tryParseAuditRecord(syscall)?.fields ?? "";
    expect(auditField(fields, "pid")).toBe("24261");
    expect(auditField(fields, "arch")).toBe("c000003e");
    expect(auditField(fields, "comm")).toBe('"sh"');
    expect(auditField(fields, "tty")).toBe("");
    expect(auditNumber(fields, "ppid")).toBe(24_250);
    expect(auditNumber(fields, "a0")).toBe(-1);
    expect(auditHexNumber(fields, "a0")).toBe(0x5a_c2_72);
    expect(auditHexNumber(" a0=ffffffffffffffff", "a0")).toBe(-1);
  });

  it("cannot be deceived by a value that somebody else chose [linux-audit hostile]", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const fields = ` comm=${encodeAuditValue(Buffer.from(`${name} pid=1 exe="/bin/sh"`))} exe="/bin/true" pid=7`;
        expect(auditField(fields, "pid")).toBe("7");
        expect(auditField(fields, "exe")).toBe('"/bin/true"');
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
