import type { IncomingMessage } from "node:http";
import type { Clock } from "@kinglet/lifecycle";
import { maxHeadBytes } from "../review/scan-review-head.ts";
import type { ByteBudget } from "./byte-budget.ts";

/**
 * What came of a body.
 *
 * - `whole`: all of it; `release` gives its room back
 * - `head`: only the beginning, because there was no room for the rest, which was read and thrown away
 * - `too-large`: more than is taken; read and thrown away
 * - `slow`, `gone`: it did not come in time, or the client left
 *
 * @internal
 */
export type Body =
  | { readonly kind: "whole"; readonly bytes: Buffer; release(): void }
  | { readonly kind: "head"; readonly bytes: Buffer }
  | { readonly kind: "too-large" | "slow" | "gone" };

/** What is thrown away of a body before the connection is cut, bytes. */
const maxDiscardedBytes = 67_108_864;
/** Bodies up to this size are put together from their chunks; for larger ones there is one buffer from the beginning. */
const smallBytes = 65_536;

/**
 * Reads a body and never holds more than is allowed: room for the announced length is taken before the first byte is kept, chunked bodies take
 * room as they grow. What is not kept is still read, so that the client gets an answer and not a broken connection.
 *
 * @param options - `isRefused`: keep no more than the head from the start, because the review is not going to be looked at; `timeoutMs`: for the whole body.
 *
 * @internal
 */
export function readBody(
  request: IncomingMessage,
  options: {
    readonly maxBytes: number;
    readonly budget: ByteBudget;
    readonly isRefused: boolean;
    readonly timeoutMs: number;
    readonly clock: Clock;
  },
): Promise<Body> {
  const { maxBytes, budget, clock } = options;
  const declared = Number(request.headers["content-length"] ?? "-1");
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let whole: Buffer | undefined;
    let received = 0;
    let reserved = 0;
    let isTooLarge = declared > maxBytes;
    let isHead = options.isRefused || isTooLarge;
    const finish = (body: Body): void => {
      timer.cancel();
      request.removeAllListeners("data").removeAllListeners("end").removeAllListeners("close");
      if (body.kind !== "whole") {
        budget.release(reserved);
        reserved = 0;
      }
      resolve(body);
    };
    const timer = clock.startTimer(() => finish({ kind: "slow" }), Math.max(1, options.timeoutMs));
    const keepHeadOnly = (): void => {
      isHead = true;
      const head = whole === undefined ? Buffer.concat(chunks) : whole.subarray(0, received);
      // A copy: a slice would keep the whole buffer alive.
      chunks = [Buffer.from(head.subarray(0, maxHeadBytes))];
      whole = undefined;
      budget.release(reserved);
      reserved = 0;
    };
    if (!isHead && declared > 0) {
      if (budget.tryReserve(declared)) reserved = declared;
      else isHead = true;
      if (!isHead && declared > smallBytes) whole = Buffer.allocUnsafeSlow(declared);
    }
    request.on("data", (chunk: Buffer) => {
      const start = received;
      received += chunk.length;
      if (received > maxDiscardedBytes) return finish({ kind: "gone" });
      if (received > maxBytes) isTooLarge = true;
      if (isTooLarge) {
        if (!isHead) keepHeadOnly();
        chunks = [];
        return undefined;
      }
      if (isHead) {
        if (start < maxHeadBytes) chunks.push(Buffer.from(chunk.subarray(0, maxHeadBytes - start)));
        return undefined;
      }
      if (whole !== undefined) {
        chunk.copy(whole, start);
        return undefined;
      }
      chunks.push(chunk);
      if (received <= reserved) return undefined;
      if (budget.tryReserve(received - reserved)) reserved = received;
      else keepHeadOnly();
      return undefined;
    });
    request.once("end", () => {
      if (isTooLarge) return finish({ kind: "too-large" });
      const bytes = whole ?? (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
      if (isHead) return finish({ kind: "head", bytes });
      const held = reserved;
      return finish({ kind: "whole", bytes, release: () => budget.release(held) });
    });
    request.once("close", () => finish({ kind: "gone" }));
    // "close" follows.
    request.on("error", () => {});
  });
}
