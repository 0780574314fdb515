import { STRUCTURE_TABLE } from "./gen/structure-table.ts";
import { parseStructureTable } from "./parse-structure-table.ts";
import type { StructuralType } from "./structural-type.ts";

/**
 * The structure of the built-in kinds of Kubernetes v1.36.3.
 *
 * @public
 */
export interface Structure {
  /** @returns the type of `apps/v1`, `Deployment`; undefined for a kind that is not built in. Cost: one map look-up. */
  readonly typeOf: (apiVersion: string, kind: string) => StructuralType | undefined;
}

let table: ReturnType<typeof parseStructureTable> | undefined;

/**
 * Gives the structure of the built-in kinds.
 *
 * The first call splits the table into lines (well under a millisecond); the fields of a type are parsed when they are first
 * asked for, so that a program pays for the kinds it uses. Types are shared and must not be changed.
 *
 * @public
 */
export function loadStructure(): Structure {
  table ??= parseStructureTable(STRUCTURE_TABLE);
  const { kinds } = table;
  return { typeOf: (apiVersion, kind) => kinds.get(`${apiVersion}/${kind}`) };
}
