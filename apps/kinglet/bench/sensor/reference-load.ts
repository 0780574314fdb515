import { execLine, exitLine, kprobeLine, type TetragonProcessInput } from "@kinglet/testing";

/** Events a second of each kind. */
export interface LoadRates {
  readonly opens: number;
  readonly execs: number;
  readonly connections: number;
  readonly links: number;
  readonly dns: number;
}

/**
 * The load that node-agent is measured with, by kind. Requests over HTTP have no source here: a hundred connections a second
 * stand for them.
 */
export const referenceRates: LoadRates = { opens: 1000, execs: 10, connections: 110, links: 20, dns: 2 };

/** A container that the load is spread over. */
export interface LoadedContainer {
  readonly containerId: string;
  readonly namespace: string;
  readonly podName: string;
  readonly podUid: string;
  /** False: it is being learned. */
  readonly hasProfile: boolean;
}

/** What every profile of the load allows. */
export const permittedProgram = "/usr/local/bin/node";
export const permittedArguments: readonly string[] = ["/srv/task.js", "--run"];

/** Processes of a container: as many as make 94 % of the openings repetitions within ten seconds, as in the reference's load. */
const openedPaths = 560;

/**
 * Lines of the export file, kind by kind, spread over containers in turn. Deterministic but for the time.
 *
 * Openings repeat 560 paths, connections eleven addresses, links never repeat: what the reference's own load does.
 */
export class ReferenceLoad {
  readonly #containers: readonly LoadedContainer[];
  #count = 0;

  constructor(containers: readonly LoadedContainer[]) {
    this.#containers = containers;
  }

  open(): string {
    const at = this.#count++;
    const path = `/usr/share/shop/data/file-${at % openedPaths}`;
    return this.#call("security_file_open", [{ file_arg: { path, flags: "O_RDONLY", permission: "-rw-r--r--" } }]);
  }

  exec(): string {
    const at = this.#count++;
    const process = this.#process(permittedProgram, 1000 + (at % 30_000));
    return execLine({ ...process, args: permittedArguments.join(" "), time: now(), nodeName: "node-a" });
  }

  exit(): string {
    const at = this.#count++;
    return exitLine({ ...this.#process(permittedProgram, 1000 + (at % 30_000)), time: now(), nodeName: "node-a" });
  }

  connection(): string {
    const at = this.#count++;
    const sock = {
      family: "AF_INET",
      type: "SOCK_STREAM",
      protocol: "IPPROTO_TCP",
      saddr: "10.1.0.7",
      daddr: `10.2.0.${1 + (at % 11)}`,
      sport: 32_768 + (at % 20_000),
      dport: 8080,
      cookie: String(18_446_612_686_405_552_128n + BigInt(at)),
      state: "TCP_SYN_SENT",
    };
    return this.#call("tcp_connect", [{ sock_arg: sock }]);
  }

  link(): string {
    const at = this.#count++;
    const call = at % 2 === 0 ? "__x64_sys_symlink" : "__x64_sys_link";
    return this.#call(call, [{ string_arg: `/srv/old-${at}` }, { string_arg: `/srv/new-${at}` }]);
  }

  dns(): string {
    const at = this.#count++;
    const server = { family: "AF_INET", addr: "10.96.0.10", port: 53 };
    const question = [{ bytes_arg: dnsQuestion(`host-${at % 7}.shop.svc.cluster.local`) }, { size_arg: "64" }];
    return this.#call("__x64_sys_sendto", [...question, { sockaddr_arg: server }]);
  }

  /** An execution that no profile lists; its path is its mark. */
  anomaly(mark: string): string {
    while (!this.#container().hasProfile) this.#count++;
    return execLine({ ...this.#process(`/opt/unknown/${mark}`, 40_000), time: now(), nodeName: "node-a" });
  }

  #call(functionName: string, callArgs: readonly Readonly<Record<string, unknown>>[]): string {
    const process = this.#process(permittedProgram, 900);
    return kprobeLine({ ...process, functionName, callArgs, time: now(), nodeName: "node-a" });
  }

  #container(): LoadedContainer {
    return this.#containers[this.#count % this.#containers.length]!;
  }

  #process(binary: string, pid: number): TetragonProcessInput & { readonly parent: TetragonProcessInput } {
    const at = this.#count % this.#containers.length;
    const { containerId, namespace, podName, podUid } = this.#container();
    const pod = { namespace, name: podName, uid: podUid, containerName: "app", containerId };
    const own = { pid, containerId, pod, flags: "execve rootcwd clone inInitTree", isInInitTree: true };
    return {
      ...own,
      binary,
      execId: Buffer.from(`node-a:${String(this.#count)}:${pid}`).toString("base64"),
      parent: { ...own, binary: permittedProgram, args: "/srv/server.js", pid: 900, execId: `bm9kZS1h${at}` },
    };
  }
}

/** A question for an address, as the policy has Tetragon copy it. */
function dnsQuestion(name: string): string {
  const header = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split(".").map((label) => `${String.fromCodePoint(label.length)}${label}`);
  return Buffer.concat([header, Buffer.from(`${labels.join("")}\0\0\u0001\0\u0001`, "latin1")]).toString("base64");
}

/** Microseconds as Tetragon's nanoseconds. */
function now(): string {
  return `${new Date().toISOString().slice(0, -1)}000000Z`;
}
