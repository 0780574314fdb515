import type { Alert } from "@kinglet/detection";

const budgetRule = "KINGLET-BUDGET";
const gapRule = "KINGLET-GAP";

/** True for what {@link createNoticeAlert} made, also when it was on disk meanwhile; a rule of that name has a container. @internal */
export function isNoticeAlert({
  ruleId,
  containerId,
  podName,
}: Pick<Alert, "ruleId" | "containerId" | "podName">): boolean {
  return (ruleId === budgetRule || ruleId === gapRule) && containerId === "" && podName === "";
}

/** An alert about alerts: what was held back or lost. @internal */
export function createNoticeAlert(notice: {
  readonly ruleId: typeof budgetRule | typeof gapRule;
  readonly ruleName: string;
  readonly message: string;
  readonly nowMs: number;
  /** Of the most severe that it tells of. @defaultValue 5 */
  readonly severity?: number;
  readonly namespace?: string;
  readonly clusterName?: string;
  readonly nodeName?: string;
  /** What is equal where the same is told again. @defaultValue all of it */
  readonly identity?: string;
}): Alert {
  const time = new Date(notice.nowMs).toISOString();
  const { ruleId, ruleName, message, severity = 5, namespace = "", clusterName = "", nodeName = "" } = notice;
  return {
    uniqueId: hash128(
      `${ruleId}\n${clusterName}\n${nodeName}\n${namespace}\n${notice.identity ?? `${time}\n${message}`}`,
    ),
    ruleId,
    ruleName,
    severity,
    message,
    time,
    clusterName,
    nodeName,
    namespace,
    podName: "",
    podUid: "",
    containerName: "",
    containerId: "",
    image: "",
    workloadKind: "",
    workloadName: "",
    process: { pid: -1, uid: -1, binary: "", args: "", cwd: "", execId: "", parentBinary: "", parentPid: -1 },
    profile: undefined,
  };
}

/** 32 hexadecimal digits, to tell notices apart; not cryptographic (`node:crypto` costs 0.6 MB). */
function hash128(text: string): string {
  let digest = "";
  for (const seed of [0x811c9dc5, 0x9e3779b1, 0x85ebca77, 0xc2b2ae3d]) {
    let word = seed;
    for (let index = 0; index < text.length; index++) {
      word = Math.imul(word ^ text.charCodeAt(index), 0x01000193);
      word ^= word >>> 15;
    }
    digest += (Math.imul(word ^ (word >>> 13), 0x5bd1e995) >>> 0).toString(16).padStart(8, "0");
  }
  return digest;
}
