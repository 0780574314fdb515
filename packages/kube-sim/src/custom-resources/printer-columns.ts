import type { KubeObject } from "../resources/kube-object.ts";
import { COLUMN_DESCRIPTIONS, COLUMN_FACTS } from "../representation/gen/column-facts.ts";
import { humanDuration } from "../representation/human-duration.ts";
import type { TableColumn } from "../representation/table-column.ts";
import type { ColumnDefinition } from "./definition/definition-spec.ts";
import { JsonPath } from "./json-path.ts";

/** Every resource shows its name and, when its definition says nothing else, its age; their descriptions come from here. */
const PLAIN = "roles.rbac.authorization.k8s.io";

/** The columns of a version: the name, then what the definition adds, or the age. */
export function printerColumns(definitions: readonly ColumnDefinition[]): TableColumn[] {
  const name: TableColumn = {
    name: "Name",
    type: "string",
    format: "name",
    description: description(0),
    priority: 0,
    cell: (object) => object.metadata.name,
  };
  const age: ColumnDefinition = {
    name: "Age",
    type: "date",
    format: "",
    description: description(1),
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

function description(index: number): string {
  return COLUMN_DESCRIPTIONS[COLUMN_FACTS[PLAIN]?.[index]?.[4] ?? -1] ?? "";
}
