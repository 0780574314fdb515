import { execLine, kprobeLine, type TetragonLineInput } from "@kinglet/testing";
import { nodeName, type ShopWorkload } from "./shop.ts";

type Argument = Readonly<Record<string, unknown>>;

/** What a container does, as lines of Tetragon's export file. Each is the doing of a process of its own, at its own time. */
export class ComponentActs {
  #processes = 0;

  executes(workload: ShopWorkload, binary: string, args = "", cwd = "/"): string {
    return execLine({ ...this.#process(workload, binary), args, cwd, flags: "execve clone", isInInitTree: true });
  }

  opens(workload: ShopWorkload, path: string, binary = "/app"): string {
    const file = { file_arg: { path, permission: "-rw-r--r--" } };
    return this.calls(workload, "security_file_open", [file, { int_arg: 0, label: "flags" }], binary);
  }

  connects(workload: ShopWorkload, address: string, port: number, binary = "/app"): string {
    const family = address.includes(":") ? "AF_INET6" : "AF_INET";
    const ends = { saddr: "10.244.0.9", sport: 41_000, daddr: address, dport: port };
    const sock = { family, type: "SOCK_STREAM", protocol: "IPPROTO_TCP", ...ends };
    return this.calls(workload, "tcp_connect", [{ sock_arg: sock }], binary);
  }

  /** Asks the cluster's name server. */
  asks(workload: ShopWorkload, name: string, binary = "/app"): string {
    const labels = name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
    const header = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const question = Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
    const server = { sockaddr_arg: { family: "AF_INET", addr: "10.96.0.10", port: 53 } };
    const args = [{ int_arg: 3 }, { bytes_arg: question.toString("base64") }, server];
    return this.calls(workload, "__x64_sys_sendto", args, binary);
  }

  usesCapability(workload: ShopWorkload, name: string, binary = "/app"): string {
    return this.calls(workload, "cap_capable", [{ capability_arg: { name: `CAP_${name}` } }], binary);
  }

  /** A system call, by its number on x64. */
  usesSyscall(workload: ShopWorkload, number: number, binary = "/app"): string {
    const args = [{ syscall_id: { id: number, abi: "x64" } }];
    const { process_kprobe: call, ...rest } = JSON.parse(this.calls(workload, "", args, binary)) as {
      readonly process_kprobe: Readonly<Record<string, unknown>>;
    };
    const { process, parent } = call;
    return JSON.stringify({
      process_tracepoint: { process, parent, subsys: "raw_syscalls", event: "sys_enter", args },
      ...rest,
    });
  }

  links(workload: ShopWorkload, kind: "soft" | "hard", oldPath: string, newPath: string, binary = "/bin/ln"): string {
    const args =
      kind === "soft"
        ? [{ string_arg: oldPath }, { int_arg: -100 }, { string_arg: newPath }]
        : [{ int_arg: -100 }, { string_arg: oldPath }, { int_arg: -100 }, { string_arg: newPath }, { int_arg: 0 }];
    return this.calls(workload, kind === "soft" ? "__x64_sys_symlinkat" : "__x64_sys_linkat", args, binary);
  }

  /** A hooked function of the kernel. */
  calls(workload: ShopWorkload, functionName: string, callArgs: readonly Argument[], binary = "/app"): string {
    return kprobeLine({ ...this.#process(workload, binary), functionName, callArgs });
  }

  #process({ containerId }: ShopWorkload, binary: string): TetragonLineInput {
    this.#processes += 1;
    const pid = 1000 + this.#processes;
    const execId = Buffer.from(`${nodeName}:${String(7_000_000 + pid)}:${String(pid)}`).toString("base64");
    const time = new Date().toISOString().replace("Z", "000000Z");
    return { binary, pid, execId, time, containerId, nodeName };
  }
}
