import { memberOf } from "./agent-event.ts";
import type { Json } from "./event-codec.ts";

/** Processes of one loop are this far from those of the next. */
const pidStep = 100_003;
const maxPid = 4_194_304;

/**
 * The same event as if it happened again: other executions (exec ids and pids, the same for all events of a process), the same everything else.
 *
 * @param loop - 0 gives the event itself.
 */
export function inLoop(json: Json, loop: number): Json {
  if (loop === 0) return json;
  const [member, body] = memberOf(json);
  return { ...json, [member]: mapProcesses(body, (process) => renumber(process, loop)) };
}

/** The same event with another time. */
export function atTime(json: Json, nowMs: number): Json {
  return { ...json, time: `${new Date(nowMs).toISOString().slice(0, -1)}000000Z` };
}

/** The same event as the agent sends it when it gave up waiting for the pod. */
export function withoutPod(json: Json): Json {
  const [member, body] = memberOf(json);
  return {
    ...json,
    [member]: mapProcesses(body, (process) => {
      const { pod: _gone, ...rest } = process;
      return rest;
    }),
  };
}

function mapProcesses(body: Json, change: (process: Json) => Json): Json {
  const copy: Json = { ...body };
  for (const role of ["process", "parent"]) {
    if (copy[role] !== undefined) copy[role] = change(copy[role] as Json);
  }
  return copy;
}

function renumber(process: Json, loop: number): Json {
  const copy: Json = { ...process };
  for (const key of ["exec_id", "parent_exec_id"]) {
    if (typeof copy[key] === "string" && copy[key] !== "") copy[key] = renumberId(copy[key], loop);
  }
  for (const key of ["pid", "tid"]) {
    if (typeof copy[key] === "number") copy[key] = otherPid(copy[key], loop);
  }
  return copy;
}

/** An exec id is the base64 of node:start:pid. */
function renumberId(id: string, loop: number): string {
  const [, node, start, pid] = /^(.*):(\d+):(\d+)$/.exec(Buffer.from(id, "base64").toString("utf8")) ?? [];
  if (node === undefined) return `${id}-${loop}`;
  const later = BigInt(start!) + BigInt(loop) * 86_400_000_000_000n;
  return Buffer.from(`${node}:${later}:${otherPid(Number(pid), loop)}`).toString("base64");
}

function otherPid(pid: number, loop: number): number {
  // 1 stays the first process of the machine.
  return pid <= 1 ? pid : ((pid + loop * pidStep) % (maxPid - 2)) + 2;
}
