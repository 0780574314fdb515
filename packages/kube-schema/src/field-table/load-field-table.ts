import { TextFieldTable, type FieldTable } from "./field-table.ts";
import { readFieldTableText } from "./gen/field-table-text.ts";

let loaded: FieldTable | undefined;

/**
 * The fields of the built-in kinds of Kubernetes v1.36.3, from its `.proto` files and the tags of its Go types; the same table each time.
 *
 * Cost: the first call indexes the messages by name; rows are made per message when they are first asked for (README.md has the numbers). Importing
 * makes nothing.
 *
 * @public
 */
export function loadFieldTable(): FieldTable {
  loaded ??= new TextFieldTable(readFieldTableText());
  return loaded;
}
