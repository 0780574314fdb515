import { isJsonRecord, type JsonRecord, type KubeObject } from "../../resources/kube-object.ts";
import type { JsonSchema } from "../schema/json-schema.ts";

/** The names of a definition, as they are or as they are filled in. */
export interface DefinitionNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** One entry of `spec.versions`. */
export interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly deprecationWarning: string | undefined;
  /** Undefined when there is no schema. */
  readonly schema: JsonSchema | undefined;
  readonly hasStatus: boolean;
  readonly hasSubresources: boolean;
  readonly scale: ScalePaths | undefined;
  readonly columns: readonly ColumnDefinition[];
  readonly selectableFields: readonly string[];
  readonly raw: JsonRecord;
}

/** Simple JSON paths of the replica counts and of the selector. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  /** "" when there is none. */
  readonly labelSelectorPath: string;
}

/** One of `additionalPrinterColumns`. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** `spec` of a definition. */
export interface DefinitionSpec {
  readonly group: string;
  readonly scope: string;
  readonly names: DefinitionNames;
  readonly versions: readonly DefinitionVersion[];
}

/** Reads a definition, whatever it holds: what is missing or of a wrong type reads as empty. */
export function readDefinitionSpec(definition: KubeObject): DefinitionSpec {
  const spec = recordAt(definition, "spec");
  return {
    group: textAt(spec, "group"),
    scope: textAt(spec, "scope"),
    names: readNames(recordAt(spec, "names")),
    versions: recordsAt(spec, "versions").map(readVersion),
  };
}

/** Reads `spec.names` or `status.acceptedNames`. */
export function readNames(names: JsonRecord): DefinitionNames {
  return {
    plural: textAt(names, "plural"),
    singular: textAt(names, "singular"),
    kind: textAt(names, "kind"),
    listKind: textAt(names, "listKind"),
    shortNames: textsAt(names, "shortNames"),
    categories: textsAt(names, "categories"),
  };
}

/** The names as the API writes them: without what is empty, but always with plural and kind. */
export function writeNames(names: DefinitionNames): JsonRecord {
  return {
    plural: names.plural,
    ...(names.singular === "" ? {} : { singular: names.singular }),
    ...(names.shortNames.length === 0 ? {} : { shortNames: [...names.shortNames] }),
    kind: names.kind,
    ...(names.listKind === "" ? {} : { listKind: names.listKind }),
    ...(names.categories.length === 0 ? {} : { categories: [...names.categories] }),
  };
}

/** The member as an object; empty when it is none. */
export function recordAt(record: unknown, name: string): JsonRecord {
  const value = isJsonRecord(record) ? record[name] : undefined;
  return isJsonRecord(value) ? value : {};
}

/** The member as a text; "" when it is none. */
export function textAt(record: JsonRecord, name: string): string {
  const value = record[name];
  return typeof value === "string" ? value : "";
}

/** The objects of a list; empty when it is none. */
export function recordsAt(record: JsonRecord, name: string): JsonRecord[] {
  const value = record[name];
  return Array.isArray(value) ? value.filter(isJsonRecord) : [];
}

function textsAt(record: JsonRecord, name: string): string[] {
  const value = record[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function readVersion(version: JsonRecord): DefinitionVersion {
  const schema = recordAt(version, "schema")["openAPIV3Schema"];
  const subresources = recordAt(version, "subresources");
  const scale = subresources["scale"];
  const warning = version["deprecationWarning"];
  return {
    name: textAt(version, "name"),
    served: version["served"] === true,
    storage: version["storage"] === true,
    deprecated: version["deprecated"] === true,
    deprecationWarning: typeof warning === "string" ? warning : undefined,
    schema: isJsonRecord(schema) ? schema : undefined,
    hasStatus: isJsonRecord(subresources["status"]),
    hasSubresources: isJsonRecord(version["subresources"]),
    scale: isJsonRecord(scale) ? readScale(scale) : undefined,
    columns: recordsAt(version, "additionalPrinterColumns").map(readColumn),
    selectableFields: recordsAt(version, "selectableFields").map((field) => textAt(field, "jsonPath")),
    raw: version,
  };
}

function readScale(scale: JsonRecord): ScalePaths {
  return {
    specReplicasPath: textAt(scale, "specReplicasPath"),
    statusReplicasPath: textAt(scale, "statusReplicasPath"),
    labelSelectorPath: textAt(scale, "labelSelectorPath"),
  };
}

function readColumn(column: JsonRecord): ColumnDefinition {
  return {
    name: textAt(column, "name"),
    type: textAt(column, "type"),
    format: textAt(column, "format"),
    description: textAt(column, "description"),
    priority: typeof column["priority"] === "number" ? column["priority"] : 0,
    jsonPath: textAt(column, "jsonPath"),
  };
}
