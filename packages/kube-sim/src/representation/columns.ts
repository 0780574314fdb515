import { qualifiedName, type SimResource } from "../sim-resource.ts";
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
}

/** A kind without a printer of its own gets what these show. */
const PLAIN = "roles.rbac.authorization.k8s.io";

/** Knows the columns of every resource; made once per server. */
export class ColumnTable {
  readonly #cells: Readonly<Record<string, Cells>> = { ...coreCells(), ...workloadCells(), ...otherCells() };
  readonly #known = new WeakMap<SimResource, Columns>();

  columnsOf(resource: SimResource): Columns {
    let columns = this.#known.get(resource);
    if (columns === undefined) {
      columns = resource.columns === undefined ? this.#builtIn(qualifiedName(resource)) : fromColumns(resource.columns);
      this.#known.set(resource, columns);
    }
    return columns;
  }

  #builtIn(name: string): Columns {
    const own = this.#cells[name];
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
    };
  }
}

function fromColumns(columns: readonly TableColumn[]): Columns {
  return {
    definitions: columns.map(({ cell: _cell, ...definition }) => definition),
    cells: (object, now) => columns.map((column) => column.cell(object, now)),
  };
}
