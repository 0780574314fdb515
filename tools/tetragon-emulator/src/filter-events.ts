import { fieldTable, parseFieldTable } from "@kinglet/runtime-events/tetragon-grpc";
import { memberOf } from "./agent-event.ts";
import type { Json } from "./event-codec.ts";

type Test = (json: Json) => boolean;

/**
 * What `allow_list` and `deny_list` of a request let through: filters of a list are or-ed, fields of a filter and-ed, values of a field or-ed; an
 * empty allow list lets everything through.
 *
 * @param request - decoded GetEventsRequest.
 * @param minor - the agent plays release 1.minor: fields that came later are ignored, as unknown fields are.
 */
export function compileFilters(request: Json, minor: number): Test {
  const fields = parseFieldTable(fieldTable).get("Filter")!.fields;
  const known = new Set(fields.filter(({ since }) => Number(since.split(".")[1]) <= minor).map(({ name }) => name));
  const allow = ((request["allow_list"] ?? []) as Json[]).map((filter) => compileFilter(filter, known));
  const deny = ((request["deny_list"] ?? []) as Json[]).map((filter) => compileFilter(filter, known));
  return (json) => (allow.length === 0 || allow.some((test) => test(json))) && !deny.some((test) => test(json));
}

function compileFilter(filter: Json, known: ReadonlySet<string>): Test {
  const tests: Test[] = [];
  for (const [field, value] of Object.entries(filter)) {
    if (!known.has(field)) continue;
    const test = compileField(field, value);
    if (test !== undefined) tests.push(test);
  }
  return (json) => tests.every((test) => test(json));
}

function compileField(field: string, value: unknown): Test | undefined {
  const values = (Array.isArray(value) ? value : []) as unknown[];
  const regexes = (): RegExp[] => values.map((one) => new RegExp(String(one)));
  switch (field) {
    case "event_set":
      return (json) => values.includes(memberOf(json)[0].toUpperCase());
    case "binary_regex":
      return matches(regexes(), "process", "binary");
    case "parent_binary_regex":
      return matches(regexes(), "parent", "binary");
    case "arguments_regex":
      return matches(regexes(), "process", "arguments");
    case "container_id":
      return matches(regexes(), "process", "docker");
    case "pod_regex":
      return matches(regexes(), "process", "pod", "name");
    case "namespace_regex":
      return matches(regexes(), "process", "pod", "namespace");
    case "container_name_regex":
      return matches(regexes(), "process", "pod", "container", "name");
    case "namespace":
      // An empty name means: processes without a pod.
      return (json) => values.includes(read(json, "process", "pod", "namespace") ?? "");
    case "pid":
      return (json) => values.includes(read(json, "process", "pid"));
    case "policy_names":
      return (json) => values.includes(memberOf(json)[1]["policy_name"]);
    case "health_check":
      return (json) => (read(json, "process", "pod", "container", "maybe_exec_probe") === true) === isTrue(value);
    case "in_init_tree":
      return (json) => (read(json, "process", "in_init_tree") === true) === isTrue(value);
    default:
      return undefined;
  }
}

function isTrue(wrapper: unknown): boolean {
  return (wrapper as Json)["value"] === true;
}

function matches(regexes: readonly RegExp[], ...path: readonly string[]): Test {
  return (json) => {
    const value = read(json, ...path);
    return typeof value === "string" && regexes.some((regex) => regex.test(value));
  };
}

function read(json: Json, ...path: readonly string[]): unknown {
  let value: unknown = memberOf(json)[1];
  for (const name of path) value = (value as Json | undefined)?.[name];
  return value;
}
