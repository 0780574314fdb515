import { existsSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuditFolder, execRecords, startAuditLog, type AuditRun } from "../../test/audit-log-fixture.ts";

/** What can happen to the log and its reader, in any order. */
type Step =
  | { readonly do: "write"; readonly isMixed: boolean }
  | { readonly do: "rotate" | "read" | "acknowledge" | "kill" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("write" as const), isMixed: fc.boolean() }),
  fc.record({ do: fc.constantFrom("rotate" as const, "read" as const, "acknowledge" as const, "kill" as const) }),
);

describe("AuditLogSource under any interleaving of writing, rotation, acknowledgement and kill", () => {
  it("delivers every event until it is acknowledged [linux-audit restarts]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        using folder = new AuditFolder();
        const { path, checkpointPath } = folder;
        const delivered = new Set<number>();
        let written = 0;
        let held: string[] = [];
        let run: AuditRun | undefined;
        const start = async (): Promise<AuditRun> =>
          startAuditLog({ path, checkpointPath }, (event) => void delivered.add(event.pid));
        folder.write(
          "type=DAEMON_START msg=audit(1767225600.000:8): op=start ver=3.0.9 format=raw kernel=6.1 auid=0 pid=1 uid=0 res=success",
        );
        // Before its first checkpoint a reader begins with the log as it is, not with its predecessors.
        run = await start();
        await run.until("a checkpoint", () => existsSync(checkpointPath));
        for (const next of steps) {
          if (next.do === "write") {
            const [first, second] = [written + 1, written + 2].map((serial) => execRecords({ serial, pid: serial }));
            written += 2;
            // Two events mixed, and the last record of the second one left for later.
            const mixed = first!.flatMap((line, at) => [line, second![at]!]);
            const lines = next.isMixed ? mixed : [...first!, ...second!];
            folder.write(...held, ...lines.slice(0, -1));
            held = lines.slice(-1);
          } else if (next.do === "rotate" && written > 0) {
            folder.write(...held.splice(0));
            folder.rotate(99);
            folder.write(
              "type=DAEMON_ROTATE msg=audit(1767225600.000:9): op=rotate-logs auid=0 pid=1 subj=unconfined res=success",
            );
          } else if (next.do === "read") {
            run ??= await start();
            const whole = written - (held.length > 0 ? 1 : 0);
            await run.until("all whole events", () => delivered.size >= whole);
          } else if (next.do === "acknowledge" && run !== undefined) {
            for (const event of run.events) run.source.acknowledge(event.sequence);
            await run.clock.advance(2000);
          } else if (next.do === "kill") {
            await run?.kill();
            run = undefined;
          }
        }
        folder.write(...held);
        run ??= await start();
        await run.until("every event", () => delivered.size === written);
        await run.stop();
        expect([...delivered].toSorted((one, other) => one - other)).toEqual(
          Array.from({ length: written }, (_, at) => at + 1),
        );
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
