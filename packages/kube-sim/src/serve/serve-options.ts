/** What `kube-sim serve` was asked for. */
export interface ServeOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Where the kubeconfig goes; undefined: a private file of its own, removed at the end. */
  readonly kubeconfig: string | undefined;
  readonly tokenAuthFile: string | undefined;
  readonly clientCaFile: string | undefined;
  /** Given together with `auditLogFile` or not at all. */
  readonly auditPolicyFile: string | undefined;
  readonly auditLogFile: string | undefined;
  /** Undefined: names differ from run to run. */
  readonly seed: number | undefined;
  /** Objects to make before the server is ready: resource → count. */
  readonly load: Readonly<Record<string, number>>;
}

/** What the command line says: options, a wish for help, or all that is wrong with it. */
export type ParsedArguments =
  | { readonly kind: "serve"; readonly options: ServeOptions }
  | { readonly kind: "help" }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

const MAX_SEED = 2 ** 32 - 1;
const MAX_LOAD = 1_000_000;
const FLAGS = [
  "--port",
  "--kubeconfig",
  "--token-auth-file",
  "--client-ca-file",
  "--audit-policy-file",
  "--audit-log-path",
  "--seed",
  "--load",
] as const;

type Flag = (typeof FLAGS)[number];

/**
 * Reads `serve [--FLAG VALUE]…`; `--FLAG=VALUE` is the same. Every problem is found, not only the first, and each message names the
 * thing, the value, the limit and the way out.
 */
export function parseServeArguments(args: readonly string[]): ParsedArguments {
  if (args.length === 0 || args.some((arg) => arg === "--help" || arg === "-h") || args[0] === "help") {
    return { kind: "help" };
  }
  const [command = "", ...rest] = args;
  if (command !== "serve") {
    return { kind: "problems", problems: [`${quote(command)} is no command of kube-sim; the one there is is "serve"`] };
  }
  const problems: string[] = [];
  const values = readFlags(rest, problems);
  const options = {
    port: readNumber(values, "--port", 65_535, "leave it out to get a free port", problems) ?? 0,
    kubeconfig: readFile(values, "--kubeconfig", problems),
    tokenAuthFile: readFile(values, "--token-auth-file", problems),
    clientCaFile: readFile(values, "--client-ca-file", problems),
    auditPolicyFile: readFile(values, "--audit-policy-file", problems),
    auditLogFile: readFile(values, "--audit-log-path", problems),
    seed: readNumber(values, "--seed", MAX_SEED, "leave it out to get other names in each run", problems),
    load: readLoad(values.get("--load"), problems),
  };
  if (values.has("--audit-policy-file") !== values.has("--audit-log-path")) {
    problems.push(
      "--audit-policy-file and --audit-log-path go together: one says what is recorded, the other where; give both",
    );
  }
  return problems.length === 0 ? { kind: "serve", options } : { kind: "problems", problems };
}

function readFlags(args: readonly string[], problems: string[]): Map<Flag, string> {
  const values = new Map<Flag, string>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const flag = FLAGS.find((candidate) => candidate === name);
    if (flag === undefined) {
      const known = FLAGS.join(", ");
      problems.push(
        arg.startsWith("-")
          ? `${name} is no flag of kube-sim serve; it knows ${known} and --help`
          : `${quote(arg)} is one word too many; kube-sim serve takes flags only: ${known}`,
      );
      if (equals < 0 && arg.startsWith("-") && args[at + 1]?.startsWith("-") === false) at++;
      continue;
    }
    const next = args[at + 1];
    const value = equals < 0 ? next : arg.slice(equals + 1);
    if (value === undefined || (equals < 0 && value.startsWith("--"))) {
      problems.push(`${flag} has no value; write ${flag} ${exampleOf(flag)}`);
      continue;
    }
    if (equals < 0) at++;
    if (values.has(flag)) problems.push(`${flag} is given twice; give it once`);
    values.set(flag, value);
  }
  return values;
}

function readNumber(
  values: ReadonlyMap<Flag, string>,
  flag: Flag,
  max: number,
  wayOut: string,
  problems: string[],
): number | undefined {
  const value = values.get(flag);
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value) && Number(value) <= max) return Number(value);
  problems.push(`${flag} is ${quote(value)}, but must be a whole number from 0 to ${max}; ${wayOut}`);
  return undefined;
}

function readFile(values: ReadonlyMap<Flag, string>, flag: Flag, problems: string[]): string | undefined {
  const value = values.get(flag);
  if (value === "") problems.push(`${flag} is empty, but must name a file; write ${flag} ${exampleOf(flag)}`);
  return value;
}

function readLoad(text: string | undefined, problems: string[]): Record<string, number> {
  const load: Record<string, number> = {};
  for (const part of text === undefined ? [] : text.split(",")) {
    const [, resource = "", count = ""] = /^([a-z][a-z0-9.-]*)=(\d{1,15})$/.exec(part) ?? [];
    if (resource === "") {
      problems.push(`--load has ${quote(part)}, but each part must be RESOURCE=COUNT; write --load pods=5000,nodes=10`);
    } else if (Number(count) > MAX_LOAD) {
      problems.push(`--load ${resource} is ${count}, but must be at most ${MAX_LOAD}; ask for fewer`);
    } else if (resource in load) {
      problems.push(`--load names ${resource} twice; name it once`);
    } else {
      load[resource] = Number(count);
    }
  }
  return load;
}

function exampleOf(flag: Flag): string {
  switch (flag) {
    case "--port":
      return "6443";
    case "--kubeconfig":
      return "./kube-sim.kubeconfig";
    case "--token-auth-file":
      return "./tokens.csv";
    case "--client-ca-file":
      return "./client-ca.pem";
    case "--audit-policy-file":
      return "./audit-policy.yaml";
    case "--audit-log-path":
      return "./audit.jsonl";
    case "--seed":
      return "1";
    default:
      return "pods=5000,nodes=10";
  }
}

function quote(value: string): string {
  return JSON.stringify(value);
}
