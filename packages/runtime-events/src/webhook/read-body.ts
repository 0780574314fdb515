import type { IncomingMessage } from "node:http";
import type { Clock } from "@kinglet/lifecycle";
import type { BodyTurns } from "./body-turns.ts";
import type { BodyReader, BodyRefusal } from "./webhook-route.ts";

/** How the reading of a body ended: `busy` when its turn did not come, `slow` when its bytes did not. @internal */
export type BodyOutcome = "taken" | "too-large" | "slow" | "busy" | "gone" | BodyRefusal;

/** What became of a body. @internal */
export interface BodyEnd {
  readonly outcome: BodyOutcome;
  /** The reader got its first part only. */
  readonly isCut: boolean;
  /** All of it was received, so the connection can be used again. */
  readonly isOver: boolean;
}

/** For a whole body, and for the wait before it, milliseconds. */
const bodyMs = 30_000;
/** Of a body that was cut so much is received and thrown away, in bodies of the largest size: a client that is still sending hears no answer. */
const cutBodies = 4;

/**
 * Reads a body into its reader, within its bounds; every byte is given once and not kept.
 *
 * @param options - `turns`: whose turn it must be before the first byte is read; `onTurn`: now it is.
 * @throws whatever the reader throws.
 *
 * @internal
 */
export function readBody(
  request: IncomingMessage,
  reader: BodyReader,
  options: {
    readonly maxBodyBytes: number;
    readonly clock: Clock;
    readonly turns: BodyTurns | undefined;
    readonly onTurn: () => void;
  },
): Promise<BodyEnd> {
  const { maxBodyBytes, clock, turns, onTurn } = options;
  return new Promise((resolve, reject) => {
    let received = 0;
    let refusal: BodyRefusal | undefined;
    let isCut = false;
    let endTurn: (() => void) | undefined;
    const leave = (): void => {
      timer.cancel();
      request.removeAllListeners("data").removeAllListeners("end").removeAllListeners("close");
      endTurn?.();
    };
    const finish = (outcome: BodyOutcome, isOver = false): void => {
      leave();
      resolve({ outcome: outcome === "slow" && isCut ? (refusal ?? "taken") : outcome, isCut, isOver });
    };
    const guarded = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        leave();
        reject(error);
      }
    };
    const onData = (bytes: Buffer): void => {
      const room = maxBodyBytes - received;
      received += bytes.length;
      if (bytes.length <= room) {
        refusal ??= reader.push(bytes);
        return;
      }
      if (!isCut) {
        if (reader.cut === undefined) return finish("too-large");
        refusal ??= room > 0 ? reader.push(bytes.subarray(0, room)) : undefined;
        isCut = true;
        refusal ??= reader.cut();
      }
      if (received > cutBodies * maxBodyBytes) finish(refusal ?? "taken");
    };
    const begin = (): void => {
      timer.cancel();
      timer = clock.startTimer(() => finish("slow"), bodyMs);
      onTurn();
      request.on("data", (bytes: Buffer) => guarded(() => onData(bytes)));
      request.once("end", () => guarded(() => finish(refusal ?? (isCut ? undefined : reader.end()) ?? "taken", true)));
    };
    let timer = clock.startTimer(() => finish("busy"), bodyMs);
    // It may have left while its token was looked at.
    if (request.socket.destroyed) return finish("gone");
    request.once("close", () => finish("gone"));
    // "close" follows.
    request.on("error", () => {});
    if (turns === undefined) begin();
    else endTurn = turns.take(begin);
    return undefined;
  });
}
