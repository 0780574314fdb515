import { sleep } from "@kinglet/lifecycle";
import { recordAt, recordsAt, textAt } from "../kinds/json-access.ts";
import { badRequest, notFound } from "../refusals/refusals.ts";
import type { Exchange } from "../requests/exchange.ts";
import { readPath, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { SubresourceCall } from "../resources/served-resource.ts";
import { CannedLog } from "./canned-log.ts";
import { readLogOptions, type LogOptions } from "./log-options.ts";

const POD = { group: "", plural: "pods", kind: "Pod" } as const;
/** Characters gathered before they are written. */
const PIECE_CHARACTERS = 65_536;
const LISTS = [
  ["containers", "containerStatuses"],
  ["initContainers", "initContainerStatuses"],
  ["ephemeralContainers", "ephemeralContainerStatuses"],
] as const;

/**
 * Answers `pods/log` with a {@link CannedLog}, refusing what the API and a kubelet refuse.
 *
 * @throws ApiRefusal 400, 404, 422
 */
export async function servePodLog(call: SubresourceCall): Promise<void> {
  const { info, store, exchange, clock } = call;
  const options = readLogOptions(exchange.query, info.name, clock.now());
  const pod = store.table("pods").get(`${info.namespace}/${info.name}`);
  if (pod === undefined) throw notFound(POD, info.name);
  const container = chooseContainer(pod, options.container);
  const nodeName = textAt(pod.spec, "nodeName");
  if (nodeName === "") {
    // A pod that is nowhere yet has said nothing yet.
    exchange.sendText(204, "", "");
    return;
  }
  // The API looks the node up while it still speaks of pods.
  if (store.table("nodes").get(nodeName) === undefined) throw notFound(POD, nodeName);
  const log = new CannedLog(pod, container, stateOf(pod, container, options.isPrevious));
  const isThere = (): boolean =>
    store.table("pods").get(`${info.namespace}/${info.name}`)?.metadata.uid === pod.metadata.uid;
  const wait = async (ms: number): Promise<boolean> => {
    try {
      await sleep(ms, { clock, signal: exchange.signal });
      return isThere();
    } catch {
      // Whoever followed has gone.
      return false;
    }
  };
  await sendLog(exchange, log, options, wait);
}

function chooseContainer(pod: KubeObject, wanted: string): string {
  const { name } = pod.metadata;
  const own = recordsAt(pod.spec, "containers").map((container) => textAt(container, "name"));
  if (wanted === "") {
    if (own.length === 1) return own[0] ?? "";
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${own.join(" ")}]`);
  }
  const isThere = LISTS.some(([list]) => recordsAt(pod.spec, list).some((one) => one["name"] === wanted));
  if (!isThere) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  return wanted;
}

/** @throws ApiRefusal 400 as a kubelet refuses: not started yet, or not restarted */
function stateOf(pod: KubeObject, container: string, isPrevious: boolean): JsonRecord | undefined {
  const name = JSON.stringify(pod.metadata.name);
  const status = LISTS.flatMap(([, list]) => recordsAt(pod.status, list)).find((one) => one["name"] === container);
  const last = recordAt(status, "lastState");
  if (isPrevious) {
    if (recordAt(last, "terminated") !== undefined) return last;
    throw badRequest(`previous terminated container ${JSON.stringify(container)} in pod ${name} not found`);
  }
  const state = recordAt(status, "state");
  const phase = readPath(pod, "status.phase");
  const isWaiting = recordAt(state, "waiting") !== undefined || (status === undefined && phase === "Pending");
  if (!isWaiting) return state;
  // Between two lives the log of the last one is the one there is.
  if (recordAt(last, "terminated") !== undefined) return last;
  const why = textAt(recordAt(state, "waiting"), "reason") || "ContainerCreating";
  throw badRequest(`container ${JSON.stringify(container)} in pod ${name} is waiting to start: ${why}`);
}

/** @param wait - false: there is nothing more to come. */
async function sendLog(
  exchange: Exchange,
  log: CannedLog,
  options: LogOptions,
  wait: (ms: number) => Promise<boolean>,
): Promise<void> {
  const now = exchange.now();
  const first = log.firstAfter(options.sinceMs ?? Number.NEGATIVE_INFINITY, now);
  let count = log.countAt(now);
  let next = Math.max(first, count - (options.tailLines ?? count));
  let room = options.limitBytes ?? Number.POSITIVE_INFINITY;
  exchange.start(200, "text/plain");
  while (!exchange.isOver) {
    let piece = "";
    while (next < count && piece.length < Math.min(PIECE_CHARACTERS, room)) {
      const { at, text } = log.line(next++);
      // A kubelet writes nanoseconds.
      piece += options.hasTimestamps ? `${new Date(at).toISOString().slice(0, -1)}000000Z ${text}\n` : `${text}\n`;
    }
    if (piece !== "") {
      const bytes = Buffer.from(piece).subarray(0, room);
      room -= bytes.length;
      if (!exchange.write(bytes)) await exchange.waitForRoom();
      if (room > 0) continue;
    }
    const pause = options.isFollowed && room > 0 ? log.nextInMs(exchange.now()) : undefined;
    if (pause === undefined) break;
    if (!(await wait(pause))) break;
    count = log.countAt(exchange.now());
  }
  exchange.end();
}
