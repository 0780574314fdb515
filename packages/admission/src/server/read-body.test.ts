import { PassThrough } from "node:stream";
import type { IncomingMessage } from "node:http";
import { systemClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxHeadBytes } from "../review/scan-review-head.ts";
import { ByteBudget } from "./byte-budget.ts";
import { readBody, type Body } from "./read-body.ts";

const maxBytes = 300_000;

async function read(
  chunks: readonly Buffer[],
  {
    declared,
    isRefused = false,
    budget = new ByteBudget(10 * maxBytes),
  }: { declared?: number; isRefused?: boolean; budget?: ByteBudget } = {},
): Promise<Body> {
  const stream = new PassThrough({ highWaterMark: 1 });
  const headers = declared === undefined ? {} : { "content-length": String(declared) };
  const body = readBody(Object.assign(stream, { headers }) as unknown as IncomingMessage, {
    maxBytes,
    budget,
    isRefused,
    timeoutMs: 20_000,
    clock: systemClock,
  });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return body;
}

describe("readBody", () => {
  it("puts a body together from chunks of any size, announced or not, and gives its room back", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 30_000 }), { maxLength: 8 }),
        fc.boolean(),
        async (parts, isAnnounced) => {
          const chunks = parts.map((part) => Buffer.from(part));
          const whole = Buffer.concat(chunks);
          const budget = new ByteBudget(10 * maxBytes);
          const body = await read(chunks, { budget, ...(isAnnounced ? { declared: whole.length } : {}) });
          expect(body.kind).toBe("whole");
          if (body.kind === "whole") {
            expect(body.bytes.equals(whole)).toBe(true);
            body.release();
          }
          expect(budget.tryReserve(10 * maxBytes)).toBe(true);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it("holds a body that comes byte by byte in one buffer, not in a buffer for each byte", async () => {
    const bytes = Array.from({ length: 50_000 }, (_, at) => Buffer.from([at & 0xff]));
    const body = await read(bytes);
    expect(body.kind === "whole" && body.bytes.length).toBe(50_000);
    expect(body.kind === "whole" && body.bytes.buffer.byteLength).toBeLessThanOrEqual(131_072);
  });

  it("keeps the head of what it has no room for, and none of what is too large", async () => {
    const large = Buffer.alloc(200_000, "x");
    const refused = await read([large], { isRefused: true });
    expect(refused.kind === "head" && refused.bytes.length).toBe(maxHeadBytes);
    const crowded = await read([large.subarray(0, 5), large], { budget: new ByteBudget(20_000) });
    expect(crowded.kind === "head" && crowded.bytes.equals(large.subarray(0, maxHeadBytes))).toBe(true);
    expect(await read([large, large])).toEqual({ kind: "too-large" });
  });
});
