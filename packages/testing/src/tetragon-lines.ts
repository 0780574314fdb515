/** A process as a test describes it. */
export interface TetragonProcessInput {
  readonly binary: string;
  /** One string, as Tetragon writes it. @defaultValue "" */
  readonly args?: string;
  /** @defaultValue 4242 */
  readonly pid?: number;
  /** @defaultValue 0 */
  readonly uid?: number;
  /** @defaultValue "/" */
  readonly cwd?: string;
  /** @defaultValue `execve rootcwd` */
  readonly flags?: string;
  /** 64 hex digits; the line carries the first 31. Left out: a process of the host. */
  readonly containerId?: string;
  /** Pod fields, as an agent with Kubernetes access adds them. */
  readonly pod?: {
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
    readonly containerName: string;
    readonly containerId?: string;
  };
  /** @defaultValue derived from node, time and pid */
  readonly execId?: string;
  readonly parentExecId?: string;
  readonly isInInitTree?: boolean;
}

/** An execution or exit to write. */
export interface TetragonLineInput extends TetragonProcessInput {
  readonly parent?: TetragonProcessInput;
  /** @defaultValue `node-a` */
  readonly nodeName?: string;
  /** RFC 3339 with nanoseconds. @defaultValue `2026-01-01T00:00:00.000000000Z` */
  readonly time?: string;
}

const DEFAULT_TIME = "2026-01-01T00:00:00.000000000Z";
const TRUNCATED_ID_LENGTH = 31;

/** A `process_exec` line of the export file, without its line break. */
export function execLine(input: TetragonLineInput): string {
  return line("process_exec", input, {});
}

/** A `process_exit` line; a status of 0 is left out, as protojson does. */
export function exitLine(input: TetragonLineInput & { readonly status?: number; readonly signal?: string }): string {
  const { status = 0, signal } = input;
  return line("process_exit", input, {
    ...(status === 0 ? {} : { status }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A call of the kernel that a policy asked for. */
export interface TetragonKprobeInput extends TetragonLineInput {
  readonly functionName: string;
  /** The call's arguments as protojson has them, e.g. `{ file_arg: { path: "/etc/passwd" } }`. */
  readonly callArgs: readonly Readonly<Record<string, unknown>>[];
  /** @defaultValue `kinglet` */
  readonly policyName?: string;
}

/** A `process_kprobe` line. */
export function kprobeLine(input: TetragonKprobeInput): string {
  const { functionName, callArgs, policyName = "kinglet", ...process } = input;
  return line("process_kprobe", process, {
    function_name: functionName,
    args: callArgs,
    action: "KPROBE_ACTION_POST",
    policy_name: policyName,
    return_action: "KPROBE_ACTION_POST",
  });
}

function line(kind: string, input: TetragonLineInput, more: Readonly<Record<string, unknown>>): string {
  const { nodeName = "node-a", time = DEFAULT_TIME } = input;
  const parent: TetragonProcessInput = input.parent ?? { binary: "/usr/bin/containerd-shim-runc-v2", pid: 100 };
  const parentJson = processJson(parent, nodeName, time);
  const process = processJson({ parentExecId: parentJson["exec_id"] as string, ...input }, nodeName, time);
  return JSON.stringify({ [kind]: { process, parent: parentJson, ...more }, node_name: nodeName, time });
}

function processJson(process: TetragonProcessInput, nodeName: string, time: string): Record<string, unknown> {
  const { pid = 4242, uid = 0, args = "", pod } = process;
  const containerId = process.containerId ?? pod?.containerId;
  return {
    exec_id: process.execId ?? Buffer.from(`${nodeName}:${Date.parse(time)}000000:${pid}`).toString("base64"),
    pid,
    uid,
    cwd: process.cwd ?? "/",
    binary: process.binary,
    ...(args === "" ? {} : { arguments: args }),
    flags: process.flags ?? "execve rootcwd",
    start_time: time,
    auid: 4294967295,
    ...(pod === undefined
      ? {}
      : {
          pod: {
            namespace: pod.namespace,
            name: pod.name,
            ...(pod.uid === undefined ? {} : { uid: pod.uid }),
            container: {
              id: `containerd://${containerId ?? ""}`,
              name: pod.containerName,
              start_time: time,
              pid: 1,
            },
          },
        }),
    ...(containerId === undefined ? {} : { docker: containerId.slice(0, TRUNCATED_ID_LENGTH) }),
    ...(process.parentExecId === undefined ? {} : { parent_exec_id: process.parentExecId }),
    tid: pid,
    ...(process.isInInitTree === undefined ? {} : { in_init_tree: process.isInInitTree }),
  };
}
