import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { resolveAuditOptions } from "./audit-source-options.ts";

const parts = { clock: systemClock, logger: noopLogger, metrics: noopMetrics };

describe("resolveAuditOptions", () => {
  it("refuses a folder that is no /proc: every event would count as the node's own", () => {
    expect(() => resolveAuditOptions({ ...parts, procRoot: "/nonexistent" })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION" }),
    );
    expect(resolveAuditOptions(parts).processes.pids()).toContain(process.pid);
  });
});
