import type { StructuralType } from "@kinglet/kube-schema/structure";
import { isJsonRecord } from "../resources/kube-object.ts";
import { type PathElement, showPathElement, fieldElement } from "../apply/path-element.ts";
import { asList, elementPath, elementType, isAtomic, memberType, shapeOf } from "../apply/structural-value.ts";

/**
 * Says in the API's words why a value cannot be applied: undeclared fields, wrong types, list elements without or with doubled
 * keys. Unlike a decoder it never overlooks an undeclared field.
 *
 * @returns undefined when nothing is wrong; several problems are listed one per line.
 */
export function describeStructuralProblems(type: StructuralType, value: unknown): string | undefined {
  const problems = collect(type, value);
  if (problems.length === 0) return undefined;
  const lines = problems.map(({ path, text }) => (path === "" ? text : `${path}: ${text}`));
  return lines.length === 1 ? lines[0] : ["errors:", ...lines.map((line) => `  ${line}`)].join("\n");
}

interface StructuralProblem {
  readonly path: string;
  readonly text: string;
}

function collect(type: StructuralType, value: unknown): StructuralProblem[] {
  if (value === null || value === undefined) return [];
  const shape = shapeOf(type, value);
  if (shape === "scalar") {
    const text = scalarProblem(type, value);
    return text === undefined ? [] : [{ path: "", text }];
  }
  if (shape === "list") {
    const list = asList(value);
    return list === undefined
      ? [{ path: "", text: `expected list, got &{${goValue(value)}}` }]
      : collectList(type, list);
  }
  if (!isJsonRecord(value)) return [{ path: "", text: `expected map, got &{${goValue(value)}}` }];
  const problems: StructuralProblem[] = [];
  for (const [name, member] of Object.entries(value)) {
    const field = memberType(type, name);
    const at = fieldElement(name);
    if (field === undefined) {
      problems.push(...under(at, [{ path: "", text: "field not declared in schema" }]));
      break;
    }
    problems.push(...under(at, collect(field, member)));
  }
  return problems;
}

function collectList(type: StructuralType, list: readonly unknown[]): StructuralProblem[] {
  const problems: StructuralProblem[] = [];
  const seen = new Set<PathElement>();
  for (const [position, item] of list.entries()) {
    let at: PathElement = `i:${position}`;
    if (!isAtomic(type, "list")) {
      const path = elementPath(type, item);
      if (!("element" in path)) {
        problems.push({ path: "", text: `element ${position}: ${path.problem}` });
        break;
      }
      at = path.element;
      if (seen.has(at)) problems.push({ path: "", text: `duplicate entries for key ${showPathElement(at)}` });
      seen.add(at);
    }
    problems.push(...under(at, collect(elementType(type), item)));
  }
  return problems;
}

function under(element: PathElement, problems: readonly StructuralProblem[]): StructuralProblem[] {
  return problems.map(({ path, text }) => ({ path: showPathElement(element) + path, text }));
}

function scalarProblem(type: StructuralType, value: unknown): string | undefined {
  const { kind } = type;
  const isScalar = typeof value !== "object";
  if (kind === "int32" || kind === "int64" || kind === "number") {
    return typeof value === "number" ? undefined : `expected numeric (int or float), got ${goTypeOf(value)}`;
  }
  if (kind === "string" || kind === "bytes") {
    return typeof value === "string"
      ? undefined
      : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
  }
  if (kind === "boolean") return typeof value === "boolean" ? undefined : `expected boolean, got &{${goValue(value)}}`;
  return isScalar ? undefined : `expected any scalar, got &{${goValue(value)}}`;
}

function goTypeOf(value: unknown): string {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "[]interface {}" : "map[string]interface {}";
}

/** A value as Go prints it. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (!isJsonRecord(value)) return typeof value === "string" ? value : JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${goValue(member)}`).join(" ")}]`;
}

/** A value as Go source would write it. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isJsonRecord(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[string]interface {}{${members.map(([name, member]) => `${JSON.stringify(name)}:${goSyntax(member)}`).join(", ")}}`;
}
