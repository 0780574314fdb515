import { isJsonRecord, setMember, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import { badRequest, refusal } from "../refusals/refusals.ts";
import type { SubresourceHandler } from "../resources/served-resource.ts";
import type { ScalePaths } from "./definition/definition-spec.ts";
import { invalidField, type FieldProblem } from "./schema/field-problem.ts";

const MAX_INT32 = 2_147_483_647;

/** `…/scale` of a custom resource: an `autoscaling/v1` Scale over the paths of its definition. */
export function scaleSubresource(paths: ScalePaths): SubresourceHandler {
  return {
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: ["get", "patch", "update"],
    view: { read: (object) => readScale(object, paths), write: (object, view) => writeScale(object, view, paths) },
  };
}

/** Replica counts that are no counts. The value is shown as 0 when it is of another type, as the API does. */
export function findScaleValueProblems(object: unknown, paths: ScalePaths, parts: "all" | "status"): FieldProblem[] {
  const counts = parts === "all" ? [paths.specReplicasPath, paths.statusReplicasPath] : [paths.statusReplicasPath];
  const problems = counts.flatMap((path) => countProblems(object, path));
  const { labelSelectorPath } = paths;
  if (labelSelectorPath === "") return problems;
  const found = valueAt(object, labelSelectorPath);
  if (found.fault !== undefined) problems.push(invalidField(labelSelectorPath, "", found.fault));
  else if (found.value !== undefined && typeof found.value !== "string") {
    problems.push(invalidField(labelSelectorPath, "", accessorText(labelSelectorPath, found.value, "string")));
  }
  return problems;
}

function countProblems(object: unknown, path: string): FieldProblem[] {
  const { value, fault } = valueAt(object, path);
  if (fault !== undefined) return [invalidField(path, 0, fault)];
  if (value === undefined) return [];
  if (typeof value !== "number" || !Number.isInteger(value))
    return [invalidField(path, 0, accessorText(path, value, "int64"))];
  if (value < 0) return [invalidField(path, value, "should be a non-negative integer")];
  return value > MAX_INT32 ? [invalidField(path, value, `should be less than or equal to ${MAX_INT32}`)] : [];
}

function readScale(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const wanted = countAt(object, paths.specReplicasPath);
  if (wanted === undefined) {
    const text = `the spec replicas field ${JSON.stringify(paths.specReplicasPath)} does not exist`;
    throw refusal(500, "InternalError", `Internal error occurred: ${text}`, {
      details: { causes: [{ message: text }] },
    });
  }
  const selector = paths.labelSelectorPath === "" ? undefined : valueAt(object, paths.labelSelectorPath).value;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: wanted === 0 ? {} : { replicas: wanted },
    status: {
      replicas: countAt(object, paths.statusReplicasPath) ?? 0,
      ...(typeof selector === "string" && selector !== "" ? { selector } : {}),
    },
  };
}

function writeScale(object: KubeObject, view: KubeObject, paths: ScalePaths): KubeObject {
  if (view.kind !== "Scale") throw badRequest(`wrong object passed to Scale update: ${view.kind}`);
  const replicas = isJsonRecord(view.spec) ? (view.spec["replicas"] ?? 0) : 0;
  const next = structuredClone(object);
  const names = splitPath(paths.specReplicasPath);
  let at: JsonRecord = next;
  for (const name of names.slice(0, -1)) {
    if (!isJsonRecord(at[name])) setMember(at, name, {});
    at = at[name] as JsonRecord;
  }
  setMember(at, names.at(-1) ?? "", replicas);
  const version = view.metadata?.resourceVersion ?? "";
  if (version !== "") next.metadata.resourceVersion = version;
  return next;
}

function countAt(object: unknown, path: string): number | undefined {
  const { value } = valueAt(object, path);
  return typeof value === "number" ? Math.trunc(value) : undefined;
}

function valueAt(object: unknown, path: string): { readonly value?: unknown; readonly fault?: string } {
  let at: unknown = object;
  let seen = "";
  for (const name of splitPath(path)) {
    if (!isJsonRecord(at)) return { fault: accessorText(seen, at, "map[string]interface {}") };
    if (!Object.hasOwn(at, name)) return {};
    at = at[name];
    seen += `.${name}`;
  }
  return { value: at };
}

function splitPath(path: string): string[] {
  return path.replace(/^\./, "").split(".");
}

function accessorText(path: string, value: unknown, wanted: string): string {
  return `${path} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${wanted}`;
}

function goType(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}

function goText(value: unknown): string {
  if (value === null) return "<nil>";
  return typeof value === "string" ? value : JSON.stringify(value);
}
