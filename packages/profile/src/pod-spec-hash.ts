import { createError } from "@kinglet/errors";
import { profileErrors } from "./errors.ts";

/** The alphabet that Kubernetes makes names of: no vowels, nothing that looks like something else. */
const SAFE = "bcdfghjklmnpqrstvwxz2456789";
const MAX_DEPTH = 64;
const MAX_PATHS = 100;
const NAMED_LISTS = ["containers", "initContainers"] as const;

type Json = Readonly<Record<string, unknown>>;

/** Options of {@link podSpecHash}. @public */
export interface PodSpecHashOptions {
  /**
   * More places to leave out: members joined by dots, `[*]` for every item of a list, e.g. `containers[*].image`. At most 100.
   */
  readonly excludePaths?: readonly string[] | undefined;
}

/**
 * A short text that is the same for the pods of every run of a CronJob: what {@link alternateName} puts in place of the run's time.
 *
 * 32-bit FNV-1a over the spec as JSON with sorted members, its decimal digits in Kubernetes' safe alphabet. Left out: the host name,
 * projected volumes with their mounts, the environment variable `DD_INJECT_START_TIME`, `excludePaths`, and what is written into the pod
 * after it was made: the node's name, with which every node would have profiles of its own, and ephemeral containers, with which a person
 * who looks at a run would change its name.
 *
 * The digits differ from those of agents written in Go: theirs are over Go's own notation of the structure, which changes with the
 * version of its Kubernetes libraries. Profiles of CronJobs that such an agent learned are not found; all others are.
 *
 * @param podSpec - `spec` of the pod as decoded JSON, whole: a projection of it hashes otherwise.
 * @throws `KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID` when the spec is no object, is nested deeper than 64 levels, or a path is
 * malformed.
 *
 * @public
 */
export function podSpecHash(podSpec: unknown, options: PodSpecHashOptions = {}): string {
  if (typeof podSpec !== "object" || podSpec === null || Array.isArray(podSpec))
    throw invalid("the pod's spec is no object");
  const { excludePaths = [] } = options;
  if (excludePaths.length > MAX_PATHS) throw invalid(`more than ${MAX_PATHS} paths are excluded`);
  let spec = withoutRunSpecifics(podSpec as Json);
  for (const path of excludePaths) spec = without(spec, stepsOf(path)) as Json;
  const hash = fnv1a(JSON.stringify(sorted(spec, 0)));
  return String(hash).replaceAll(/\d/g, (digit) => SAFE[digit.charCodeAt(0) % SAFE.length]!);
}

function withoutRunSpecifics(spec: Json): Json {
  const {
    hostname: _hostname,
    nodeName: _nodeName,
    ephemeralContainers: _ephemeral,
    ...result
  } = spec as Record<string, unknown>;
  const projected = new Set<unknown>();
  const volumes = listOf(spec, "volumes").filter((volume) => {
    if (volume["projected"] === undefined || volume["projected"] === null) return true;
    projected.add(volume["name"]);
    return false;
  });
  setList(result, "volumes", volumes);
  for (const key of NAMED_LISTS) {
    const containers = listOf(spec, key).map((container) => withoutProjected(container, projected));
    setList(result, key, containers);
  }
  return result;
}

function withoutProjected(container: Json, projected: ReadonlySet<unknown>): Json {
  const mounts = listOf(container, "volumeMounts").filter((mount) => !projected.has(mount["name"]));
  const variables = listOf(container, "env").filter((variable) => variable["name"] !== "DD_INJECT_START_TIME");
  const result: Record<string, unknown> = { ...container };
  setList(result, "volumeMounts", mounts);
  setList(result, "env", variables);
  return result;
}

function listOf(parent: Json, key: string): readonly Json[] {
  const value = parent[key];
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is Json => typeof item === "object" && item !== null);
}

/** An empty list and none are the same. */
function setList(target: Record<string, unknown>, key: string, items: readonly unknown[]): void {
  if (items.length > 0) target[key] = items;
  else delete target[key];
}

function stepsOf(path: string): readonly string[] {
  if (!/^\.?[\w-]{1,253}(\[\*\]|\.[\w-]{1,253}){0,32}$/.test(path)) throw invalid(`${JSON.stringify(path)} is no path`);
  return path
    .replaceAll("[*]", ".*")
    .split(".")
    .filter((step) => step !== "");
}

function without(value: unknown, steps: readonly string[]): unknown {
  const [step, ...rest] = steps;
  if (typeof value !== "object" || value === null || step === undefined) return value;
  if (Array.isArray(value)) {
    if (step !== "*") return value;
    return rest.length === 0 ? [] : value.map((item) => without(item, rest));
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      if (name !== step) return [[name, member]];
      return rest.length === 0 ? [] : [[name, without(member, rest)]];
    }),
  );
}

/** Sorted members, without those that say nothing: the same pod with and without them is the same. */
function sorted(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw invalid(`the pod's spec has more than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member, depth + 1)]),
  );
}

function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}

function invalid(problem: string): Error {
  return createError(profileErrors, "KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID", { problem });
}
