/** CEL types that appear in function signatures. @public */
export type CelType = "string" | "bool" | "int" | "uint" | "list<string>" | "map<string, string>";

/** Declares one CEL function: parameter types, result type and what one call costs in abstract units. @public */
export interface CelFunctionDeclaration {
  readonly params: readonly CelType[];
  /** Further parameters that may be left out, in order. */
  readonly optionalParams?: readonly CelType[];
  readonly returns: CelType;
  /** Cost units charged per call. */
  readonly cost: number;
}

type Ask<Args extends readonly unknown[]> = (containerId: string, ...args: Args) => boolean;

/**
 * Every function that a rule expression may call, by full name, with its TypeScript shape: `int` and `uint` are numbers, exact up to
 * 2^53; what is larger arrives rounded.
 *
 * `cp.*` asks the profile of a container: true when it holds the thing asked for, false when it does not and also when the container
 * has no profile. The older names `ap.*` and `nn.*` of the same functions work as well, see {@link celFunctionName}.
 *
 * @see node-agent `pkg/rulemanager/cel/libraries`.
 * @public
 */
export interface CelFunctionTypes {
  /** Some recorded execution has exactly this path. */
  readonly "cp.was_executed": Ask<[path: string]>;
  /** ... and exactly these arguments, element by element. */
  readonly "cp.was_executed_with_args": Ask<[path: string, args: readonly string[]]>;
  readonly "cp.was_path_opened": Ask<[path: string]>;
  /** ... with every one of these flags among the recorded ones; no flags: as `was_path_opened`. */
  readonly "cp.was_path_opened_with_flags": Ask<[path: string, flags: readonly string[]]>;
  readonly "cp.was_path_opened_with_suffix": Ask<[suffix: string]>;
  readonly "cp.was_path_opened_with_prefix": Ask<[prefix: string]>;
  readonly "cp.was_syscall_used": Ask<[name: string]>;
  readonly "cp.was_capability_used": Ask<[name: string]>;
  readonly "cp.was_endpoint_accessed": Ask<[endpoint: string]>;
  readonly "cp.was_endpoint_accessed_with_method": Ask<[endpoint: string, method: string]>;
  /** True when any of the methods is recorded. */
  readonly "cp.was_endpoint_accessed_with_methods": Ask<[endpoint: string, methods: readonly string[]]>;
  readonly "cp.was_endpoint_accessed_with_prefix": Ask<[prefix: string]>;
  readonly "cp.was_endpoint_accessed_with_suffix": Ask<[suffix: string]>;
  readonly "cp.was_host_accessed": Ask<[host: string]>;
  readonly "cp.was_address_in_egress": Ask<[address: string]>;
  readonly "cp.was_address_in_ingress": Ask<[address: string]>;
  readonly "cp.is_domain_in_egress": Ask<[domain: string]>;
  readonly "cp.is_domain_in_ingress": Ask<[domain: string]>;
  readonly "cp.was_address_port_protocol_in_egress": Ask<[address: string, port: number, protocol: string]>;
  readonly "cp.was_address_port_protocol_in_ingress": Ask<[address: string, port: number, protocol: string]>;
  readonly "k8s.get_container_mount_paths": (namespace: string, pod: string, container: string) => readonly string[];
  readonly "k8s.is_api_server_address": (address: string) => boolean;
  readonly "k8s.get_container_by_name": (namespace: string, pod: string, name: string) => boolean;
  /** Without `exepath`: the first argument, or `comm` when that is empty or absent. */
  readonly "parse.get_exec_path": (args: readonly string[], comm: string, exepath?: string) => string;
  /** Without detours; `/proc/self/cwd` is `cwd`. Links are not followed: ask for the path as it was told as well. */
  readonly "parse.resolve_path": (path: string, cwd: string) => string;
  readonly "net.is_private_ip": (ip: string) => boolean;
  readonly "process.get_process_env": (pid: number) => Readonly<Record<string, string>>;
  readonly "process.get_ld_hook_var": (pid: number) => string;
}

/** Full name of a declared function, e.g. `cp.was_executed`. @public */
export type CelFunctionName = keyof CelFunctionTypes;

/**
 * The implementations that the engine's user supplies, by full name.
 *
 * Argument types are checked before a function is called. A function must be synchronous and free of effects; it may throw, and
 * the evaluation then fails with `KINGLET_ERR_POLICY_ENGINE_EVALUATION`. A function that is absent here makes every expression
 * that calls it invalid (`KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE`) when the expression is validated; there is no stub.
 *
 * @public
 */
export type CelFunctions = { readonly [Name in CelFunctionName]?: CelFunctionTypes[Name] | undefined };

/**
 * The signatures as the engine declares them. Costs are the static ones of the libraries named above.
 *
 * @public
 */
export const celFunctionDeclarations: Readonly<Record<CelFunctionName, CelFunctionDeclaration>> = {
  "cp.was_executed": { params: ["string", "string"], returns: "bool", cost: 15 },
  "cp.was_executed_with_args": { params: ["string", "string", "list<string>"], returns: "bool", cost: 30 },
  "cp.was_path_opened": { params: ["string", "string"], returns: "bool", cost: 25 },
  "cp.was_path_opened_with_flags": { params: ["string", "string", "list<string>"], returns: "bool", cost: 40 },
  "cp.was_path_opened_with_suffix": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.was_path_opened_with_prefix": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.was_syscall_used": { params: ["string", "string"], returns: "bool", cost: 12 },
  "cp.was_capability_used": { params: ["string", "string"], returns: "bool", cost: 12 },
  "cp.was_endpoint_accessed": { params: ["string", "string"], returns: "bool", cost: 25 },
  "cp.was_endpoint_accessed_with_method": { params: ["string", "string", "string"], returns: "bool", cost: 30 },
  "cp.was_endpoint_accessed_with_methods": { params: ["string", "string", "list<string>"], returns: "bool", cost: 35 },
  "cp.was_endpoint_accessed_with_prefix": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.was_endpoint_accessed_with_suffix": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.was_host_accessed": { params: ["string", "string"], returns: "bool", cost: 35 },
  "cp.was_address_in_egress": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.was_address_in_ingress": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.is_domain_in_egress": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.is_domain_in_ingress": { params: ["string", "string"], returns: "bool", cost: 20 },
  "cp.was_address_port_protocol_in_egress": {
    params: ["string", "string", "int", "string"],
    returns: "bool",
    cost: 40,
  },
  "cp.was_address_port_protocol_in_ingress": {
    params: ["string", "string", "int", "string"],
    returns: "bool",
    cost: 40,
  },
  "k8s.get_container_mount_paths": { params: ["string", "string", "string"], returns: "list<string>", cost: 25 },
  "k8s.is_api_server_address": { params: ["string"], returns: "bool", cost: 5 },
  "k8s.get_container_by_name": { params: ["string", "string", "string"], returns: "bool", cost: 15 },
  "parse.get_exec_path": { params: ["list<string>", "string"], optionalParams: ["string"], returns: "string", cost: 5 },
  "parse.resolve_path": { params: ["string", "string"], returns: "string", cost: 10 },
  "net.is_private_ip": { params: ["string"], returns: "bool", cost: 8 },
  "process.get_process_env": { params: ["int"], returns: "map<string, string>", cost: 50 },
  "process.get_ld_hook_var": { params: ["uint"], returns: "string", cost: 60 },
};

/**
 * The name under which a function is declared: `cp.was_executed` for `ap.was_executed`, `cp.is_domain_in_egress` for
 * `nn.is_domain_in_egress`, a declared name for itself. Undefined: there is no such function.
 *
 * @public
 */
export function celFunctionName(fullName: string): CelFunctionName | undefined {
  const dot = fullName.indexOf(".");
  const family = fullName.slice(0, dot);
  const canonical = family === "ap" || family === "nn" ? `cp${fullName.slice(dot)}` : fullName;
  if (!Object.hasOwn(celFunctionDeclarations, canonical)) return undefined;
  const name = canonical as CelFunctionName;
  return canonical === fullName || family === olderFamily(name) ? name : undefined;
}

/** The family that a `cp.*` function belonged to before both became one; undefined for others. @internal */
export function olderFamily(name: CelFunctionName): "ap" | "nn" | undefined {
  if (!name.startsWith("cp.")) return undefined;
  return name.endsWith("_in_egress") || name.endsWith("_in_ingress") ? "nn" : "ap";
}
