import type { KubeObject } from "../resources/kube-object.ts";
import { humanDuration } from "../representation/human-duration.ts";
import type { TableColumn } from "../representation/table-column.ts";
import type { ColumnDefinition } from "./definition/definition-spec.ts";
import { JsonPath } from "./json-path.ts";

/** As the built-in kinds describe them: in words, because the columns of those are loaded with the first request. */
const NAME_DESCRIPTION =
  "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an " +
  "appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: " +
  "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE_DESCRIPTION =
  "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across " +
  "separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. " +
  "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/** The columns of a version: the name, then what the definition adds, or the age. */
export function printerColumns(definitions: readonly ColumnDefinition[]): TableColumn[] {
  const name: TableColumn = {
    name: "Name",
    type: "string",
    format: "name",
    description: NAME_DESCRIPTION,
    priority: 0,
    cell: (object) => object.metadata.name,
  };
  const age: ColumnDefinition = {
    name: "Age",
    type: "date",
    format: "",
    description: AGE_DESCRIPTION,
    priority: 0,
    jsonPath: ".metadata.creationTimestamp",
  };
  return [name, ...(definitions.length === 0 ? [age] : definitions).map(createColumn)];
}

function createColumn(definition: ColumnDefinition): TableColumn {
  const { name, type, format, priority, jsonPath } = definition;
  const path = JsonPath.tryParse(jsonPath);
  return {
    name,
    type,
    format,
    description: definition.description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority,
    cell: (object: KubeObject, now: number) => cellOf(type, path?.first(object), now),
  };
}

function cellOf(type: string, value: unknown, now: number): unknown {
  if (value === undefined) return null;
  switch (type) {
    case "string":
      return textOf(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date": {
      if (typeof value !== "string") return null;
      const since = Date.parse(value);
      return Number.isNaN(since) ? "<invalid>" : humanDuration(now - since);
    }
    default:
      return null;
  }
}

function textOf(value: unknown): string | null {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
