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
/** The first buffer of a body whose length nobody told, bytes; it doubles from there. */
const smallBytes = 16_384;

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
    let store: Buffer = Buffer.alloc(0);
    let kept = 0;
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
      // A copy: a slice would keep the whole buffer alive.
      store = Buffer.from(store.subarray(0, Math.min(kept, maxHeadBytes)));
      kept = store.length;
      budget.release(reserved);
      reserved = 0;
    };
    /** Makes room for bytes in one buffer, whatever they come in: a buffer for each chunk would cost a hundred bytes for a body sent byte by byte. */
    const hasRoomFor = (size: number): boolean => {
      if (size <= store.length) return true;
      const grown = declared >= size ? declared : Math.min(maxBytes, Math.max(size, 2 * store.length, smallBytes));
      const capacity = isHead ? maxHeadBytes : grown;
      if (!isHead) {
        if (!budget.tryReserve(capacity - reserved)) return false;
        reserved = capacity;
      }
      const larger = Buffer.allocUnsafeSlow(capacity);
      store.copy(larger, 0, 0, kept);
      store = larger;
      return true;
    };
    if (!isHead && declared > 0) {
      if (budget.tryReserve(declared)) reserved = declared;
      else isHead = true;
    }
    request.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received > maxDiscardedBytes) return finish({ kind: "gone" });
      if (received > maxBytes) isTooLarge = true;
      if (isTooLarge) {
        if (!isHead) keepHeadOnly();
        kept = 0;
        return undefined;
      }
      if (!isHead && received === declared && kept === 0) {
        // All at once, as most reviews come: nothing to put together.
        store = chunk;
        kept = chunk.length;
        return undefined;
      }
      if (!isHead && !hasRoomFor(received)) keepHeadOnly();
      if (isHead && kept === maxHeadBytes) return undefined;
      if (isHead) hasRoomFor(maxHeadBytes);
      kept += chunk.copy(store, kept, 0, Math.min(chunk.length, (isHead ? maxHeadBytes : received) - kept));
      return undefined;
    });
    request.once("end", () => {
      if (isTooLarge) return finish({ kind: "too-large" });
      const bytes = store.subarray(0, kept);
      if (isHead) return finish({ kind: "head", bytes });
      const held = reserved;
      return finish({ kind: "whole", bytes, release: () => budget.release(held) });
    });
    request.once("close", () => finish({ kind: "gone" }));
    // "close" follows.
    request.on("error", () => {});
  });
}
