import { describe, expect, it } from "vitest";
import { tryParseAuditStatus } from "./audit-status.ts";

describe("tryParseAuditStatus", () => {
  it("reads what auditctl prints, in its present and its former form", () => {
    const now = "enabled 1\nfailure 1\npid 812\nrate_limit 0\nbacklog_limit 64\nlost 27\nbacklog 0\n";
    expect(tryParseAuditStatus(now)).toEqual({ enabled: 1, pid: 812, lost: 27 });
    expect(tryParseAuditStatus("enabled=0\npid=0\nlost=3\n")).toEqual({ enabled: 0, pid: 0, lost: 3 });
  });

  it("reads nothing else", () => {
    for (const text of ["", "enabled 1\npid 1\n", "You must be root to run this program."]) {
      expect(tryParseAuditStatus(text)).toBeUndefined();
    }
  });
});
