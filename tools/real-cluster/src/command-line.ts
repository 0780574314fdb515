/** @internal */
type Command = "build" | "up" | "down" | "status" | "path" | "help";

/** @internal */
export interface CommandLine {
  readonly command: Command;
  readonly isDetached: boolean;
  readonly apiServerFlags: readonly string[];
  readonly etcdFlags: readonly string[];
  readonly logDir: string | undefined;
}

/** @internal */
export const HELP = `usage: real-cluster COMMAND [options]

A real Kubernetes API server on loopback, for test suites.

  build     build etcd, kube-apiserver and kube-controller-manager once, into a cache outside the repository (Go 1.26 or newer)
  up        start them, print a kubeconfig, stop them on Ctrl-C
  down      stop what "up" started
  status    what is built and what runs
  path      print the folder of the programs

options of "up":
  --detach              come back once the cluster is ready; stop it with "down"
  --log-dir DIR         keep the log files there
  --apiserver-flag F    pass F to kube-apiserver, for example --apiserver-flag=--min-request-timeout=5 (repeatable)
  --etcd-flag F         pass F to etcd (repeatable)

Exit codes: 0 done, 1 failed, 2 wrong usage.
`;

const COMMANDS: ReadonlySet<string> = new Set(["build", "up", "down", "status", "path", "help"]);

/** Parses the arguments after the program's name. @returns a message instead of a command line when they are wrong. @internal */
export function parseCommandLine(args: readonly string[]): CommandLine | string {
  const [first, ...rest] = args;
  if (first === undefined) return "a command is missing";
  const command = first === "--help" || first === "-h" || rest.includes("--help") ? "help" : first;
  if (!COMMANDS.has(command)) return `unknown command ${command}`;
  if (command === "up") return parseUp(rest);
  if (command !== "help" && rest.length > 0) return `${command} takes no arguments`;
  return { command: command as Command, isDetached: false, apiServerFlags: [], etcdFlags: [], logDir: undefined };
}

function parseUp(args: readonly string[]): CommandLine | string {
  const apiServerFlags: string[] = [];
  const etcdFlags: string[] = [];
  let logDir: string | undefined;
  let isDetached = false;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    if (argument === "--detach") {
      isDetached = true;
      continue;
    }
    const equals = argument.indexOf("=");
    const name = equals === -1 ? argument : argument.slice(0, equals);
    const value = equals === -1 ? args[++index] : argument.slice(equals + 1);
    if (name !== "--apiserver-flag" && name !== "--etcd-flag" && name !== "--log-dir") return `unknown option ${name}`;
    if (value === undefined || value === "") return `${name} needs a value`;
    if (name === "--apiserver-flag") apiServerFlags.push(value);
    else if (name === "--etcd-flag") etcdFlags.push(value);
    else logDir = value;
  }
  return { command: "up", isDetached, apiServerFlags, etcdFlags, logDir };
}
