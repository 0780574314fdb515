import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "./event-codec.ts";
import { inLoop } from "./rewrite-event.ts";

const execId = (start: number, pid: number): string => Buffer.from(`node-1:${start}:${pid}`).toString("base64");

describe("inLoop", () => {
  it("maps exec ids one to one, with the pid in them, and parents like children", () => {
    const process = fc.record({ start: fc.nat(), pid: fc.integer({ min: 1, max: 4_000_000 }) });
    fc.assert(
      fc.property(process, process, fc.integer({ min: 1, max: 100 }), (one, other, loop) => {
        const [id, parentId] = [execId(one.start, one.pid), execId(other.start, other.pid)];
        const event = {
          process_exec: {
            process: { exec_id: id, parent_exec_id: parentId, pid: one.pid },
            parent: { exec_id: parentId, pid: other.pid },
          },
        };
        const { process: child, parent } = inLoop(event, loop)["process_exec"] as { process: Json; parent: Json };
        expect(child["parent_exec_id"]).toBe(parent["exec_id"]);
        expect(child["exec_id"]).not.toBe(id);
        expect(child["exec_id"] === parent["exec_id"]).toBe(id === parentId);
        const text = Buffer.from(String(child["exec_id"]), "base64").toString("utf8");
        expect(text.endsWith(`:${String(child["pid"])}`)).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
