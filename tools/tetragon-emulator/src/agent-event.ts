import type { EventCodec, Json } from "./event-codec.ts";

/** An event as the agent holds it: what filters look at, and the frame that goes out. */
export interface AgentEvent {
  readonly json: Json;
  /** Five bytes and the message. */
  readonly frame: Buffer;
}

/** Encodes an event once, for all who listen. */
export function agentEvent(codec: EventCodec, json: Json): AgentEvent {
  return { json, frame: frameOf(codec.encode("GetEventsResponse", json)) };
}

/** A message with its five bytes in front. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(5 + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** Name of the member of the event union, and its content. */
export function memberOf(json: Json): readonly [string, Json] {
  for (const [key, value] of Object.entries(json)) {
    if (/^process_|^rate_limit_info$|^test$/.test(key)) return [key, value as Json];
  }
  return ["", {}];
}
