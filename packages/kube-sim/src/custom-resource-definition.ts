import type { StatusCause } from "./api-refusal.ts";
import { isJsonRecord, readPath, type JsonRecord, type KubeObject } from "./kube-object.ts";
import type { SimResource } from "./sim-resource.ts";

/** The resources that a definition asks to serve: one per served version. */
export function customResourcesOf(definition: KubeObject): SimResource[] {
  const spec = isJsonRecord(definition.spec) ? definition.spec : {};
  const names = namesOf(spec);
  return versionsOf(spec)
    .filter((version) => version["served"] === true)
    .map((version) => ({
      group: String(spec["group"]),
      version: String(version["name"]),
      plural: names.plural,
      singular: names.singular,
      kind: names.kind,
      namespaced: spec["scope"] === "Namespaced",
      shortNames: names.shortNames,
      categories: names.categories,
      isCustom: true,
      hasStatus: readPath(version, "subresources.status") !== undefined,
      hasGeneration: true,
      fieldSelectors: Object.fromEntries(selectablePaths(version).map((path) => [path, ""])),
    }));
}

/** The status a definition gets once its names are accepted and it is served. */
export function establishedStatus(definition: KubeObject, now: string): JsonRecord {
  const spec = isJsonRecord(definition.spec) ? definition.spec : {};
  const names = namesOf(spec);
  const condition = (type: string, reason: string, message: string): JsonRecord => ({
    type,
    status: "True",
    lastTransitionTime: now,
    reason,
    message,
  });
  return {
    conditions: [
      condition("NamesAccepted", "NoConflicts", "no conflicts found"),
      condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ],
    acceptedNames: {
      plural: names.plural,
      singular: names.singular,
      ...(names.shortNames.length === 0 ? {} : { shortNames: names.shortNames }),
      kind: names.kind,
      listKind: names.listKind,
      ...(names.categories.length === 0 ? {} : { categories: names.categories }),
    },
    storedVersions: storageVersions(spec),
  };
}

/** Fills in the names that a definition may leave out. */
export function completeDefinition(definition: KubeObject): void {
  if (!isJsonRecord(definition.spec) || !isJsonRecord(definition.spec["names"])) return;
  const { singular, listKind } = namesOf(definition.spec);
  definition.spec["names"]["singular"] ??= singular;
  definition.spec["names"]["listKind"] ??= listKind;
}

/** Names of the versions that objects are stored in: exactly one in a valid definition. */
function storageVersions(spec: JsonRecord): string[] {
  return versionsOf(spec)
    .filter((version) => version["storage"] === true)
    .map((version) => String(version["name"]));
}

/** What is wrong with a definition, in the words of the API; the subset that people get wrong by hand. */
export function findDefinitionProblems(definition: KubeObject): StatusCause[] {
  const spec = isJsonRecord(definition.spec) ? definition.spec : {};
  const names = namesOf(spec);
  const problems: StatusCause[] = [];
  const required = (field: string, text = "Required value"): void => {
    problems.push({ reason: "FieldValueRequired", message: text, field });
  };
  const group = typeof spec["group"] === "string" ? spec["group"] : "";
  if (definition.metadata.name !== `${names.plural}.${group}`) {
    problems.push({
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(definition.metadata.name)}: must be spec.names.plural+"."+spec.group`,
      field: "metadata.name",
    });
  }
  if (group === "") required("spec.group");
  if (names.plural === "") required("spec.names.plural");
  if (names.kind === "") required("spec.names.kind");
  if (spec["scope"] !== "Namespaced" && spec["scope"] !== "Cluster") required("spec.scope");
  if (storageVersions(spec).length !== 1) {
    problems.push({
      reason: "FieldValueInvalid",
      message: "Invalid value: must have exactly one version marked as storage version",
      field: "spec.versions",
    });
  }
  versionsOf(spec).forEach((version, index) => {
    if (!isJsonRecord(readPath(version, "schema.openAPIV3Schema"))) {
      required(`spec.versions[${index}].schema.openAPIV3Schema`, "Required value: schemas are required");
    }
  });
  return problems;
}

interface DefinitionNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

function namesOf(spec: JsonRecord): DefinitionNames {
  const names = isJsonRecord(spec["names"]) ? spec["names"] : {};
  const text = (field: string, fallback: string): string => {
    const value = names[field];
    return typeof value === "string" && value !== "" ? value : fallback;
  };
  const kind = text("kind", "");
  return {
    plural: text("plural", ""),
    singular: text("singular", kind.toLowerCase()),
    kind,
    listKind: text("listKind", `${kind}List`),
    shortNames: textList(names["shortNames"]),
    categories: textList(names["categories"]),
  };
}

function versionsOf(spec: JsonRecord): JsonRecord[] {
  return Array.isArray(spec["versions"]) ? spec["versions"].filter(isJsonRecord) : [];
}

function selectablePaths(version: JsonRecord): string[] {
  const fields = version["selectableFields"];
  if (!Array.isArray(fields)) return [];
  return fields
    .map((field: unknown) => readPath(field, "jsonPath"))
    .filter((path) => typeof path === "string")
    .map((path) => path.replace(/^\./, ""));
}

function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
