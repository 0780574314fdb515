import { qualifiedName, type SimResource } from "../resources/sim-resource.ts";
import type { Cells } from "./cell-values.ts";
import { coreCells } from "./core-cells.ts";
import { COLUMN_DESCRIPTIONS, COLUMN_FACTS } from "./gen/column-facts.ts";
import { otherCells } from "./other-cells.ts";
import type { TableColumn } from "./table-column.ts";
import { workloadCells } from "./workload-cells.ts";

/** The columns of a resource: head and how to fill a row. */
export interface Columns {
  readonly definitions: readonly Readonly<Record<string, unknown>>[];
  readonly cells: Cells;
  /** Without a printer of its own an empty list has `null` for rows. */
  readonly isPlain: boolean;
}

/** A kind without a printer of its own gets what these show. */
const PLAIN = "roles.rbac.authorization.k8s.io";

/** Rows of the registry are made anew when a definition changes, and their columns with them. */
const known = new WeakMap<SimResource, Columns>();

/** The columns of a resource; made on first use. */
export function columnsOf(resource: SimResource): Columns {
  let columns = known.get(resource);
  if (columns === undefined) {
    columns = resource.columns === undefined ? builtInColumns(qualifiedName(resource)) : fromColumns(resource.columns);
    known.set(resource, columns);
  }
  return columns;
}

function builtInColumns(name: string): Columns {
  const own = coreCells()[name] ?? workloadCells()[name] ?? otherCells()[name];
  const facts = (own === undefined ? undefined : COLUMN_FACTS[name]) ?? COLUMN_FACTS[PLAIN] ?? [];
  return {
    definitions: facts.map(([column, type, format, priority, description]) => ({
      name: column,
      type,
      format,
      description: COLUMN_DESCRIPTIONS[description] ?? "",
      priority,
    })),
    cells: own ?? ((object) => [object.metadata.name, object.metadata.creationTimestamp]),
    isPlain: own === undefined,
  };
}

function fromColumns(columns: readonly TableColumn[]): Columns {
  return {
    definitions: columns.map(({ cell: _cell, ...definition }) => definition),
    cells: (object, now) => columns.map((column) => column.cell(object, now)),
    isPlain: false,
  };
}
