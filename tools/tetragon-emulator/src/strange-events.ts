import { agentEvent, frameOf, memberOf, type AgentEvent } from "./agent-event.ts";
import type { EventCodec, Json } from "./event-codec.ts";

/** Events that a reader must survive. */
export const strangeKinds = [
  "unknown-member",
  "unknown-enum",
  "unknown-fields",
  "missing-time",
  "huge",
  "malformed",
  "duplicate-exec-id",
  "exit-before-exec",
  "throttle",
  "rate-limit",
] as const;

export type StrangeKind = (typeof strangeKinds)[number];

/**
 * Makes strange events of one kind from an ordinary execution.
 *
 * @param exec - protojson of a process_exec.
 * @param serial - makes exec ids that nothing else has.
 */
export function strangeEvents(codec: EventCodec, kind: StrangeKind, exec: Json, serial: number): AgentEvent[] {
  const body = memberOf(exec)[1];
  const process = body["process"] as Json;
  const one = (json: Json): AgentEvent => agentEvent(codec, json);
  const id = Buffer.from(`strange:${1_000_000 + serial}:${serial}`).toString("base64");
  const other: Json = { ...exec, process_exec: { ...body, process: { ...process, exec_id: id } } };
  switch (kind) {
    case "unknown-member":
      return [one({ process_tomorrow: { process }, node_name: exec["node_name"], time: exec["time"] })];
    case "unknown-enum":
      return [
        raw(
          exec,
          Buffer.concat([codec.encode("GetEventsResponse", envelope(exec)), delimited(27, [8, 99, 18, 1, 0x63])]),
        ),
      ];
    case "unknown-fields":
      return [
        raw(
          other,
          Buffer.concat([
            codec.encode("GetEventsResponse", other),
            delimited(1999, [1, 2, 3]),
            varint(1998 * 8),
            varint(7),
          ]),
        ),
      ];
    case "missing-time": {
      const { time: _gone, ...rest } = other;
      return [one(rest)];
    }
    case "huge":
      return [
        one({
          ...exec,
          process_exec: { ...body, process: { ...process, exec_id: id, arguments: "x".repeat(4_300_000) } },
        }),
      ];
    case "malformed":
      return [raw(exec, Buffer.from([10, 200, 1, 10, 5, 1]))];
    case "duplicate-exec-id":
      return [
        one(other),
        one({ ...other, process_exec: { ...body, process: { ...process, exec_id: id, binary: "/reused" } } }),
      ];
    case "exit-before-exec":
      return [
        one({
          process_exit: { process: { ...process, exec_id: id }, status: 1 },
          node_name: exec["node_name"],
          time: exec["time"],
        }),
        one(other),
      ];
    case "throttle":
      return ["THROTTLE_START", "THROTTLE_STOP"].map((type) =>
        one({
          process_throttle: { type, cgroup: "cri-containerd-0123456789ab.scope\0\0" },
          node_name: exec["node_name"],
          time: exec["time"],
        }),
      );
    default:
      // rate-limit
      return [
        one({
          rate_limit_info: { number_of_dropped_process_events: "1966" },
          node_name: exec["node_name"],
          time: exec["time"],
        }),
      ];
  }
}

function envelope(json: Json): Json {
  return { node_name: json["node_name"], time: json["time"] };
}

function raw(json: Json, message: Uint8Array): AgentEvent {
  return { json, frame: frameOf(message) };
}

function delimited(number: number, content: readonly number[]): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), Buffer.from(content)]);
}

function varint(value: number): Buffer {
  return Buffer.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))]);
}
