/** Node types that hold many nodes of no interest one by one: all of a type are one row. */
const grouped: Readonly<Record<string, string>> = {
  string: "(string)",
  "concatenated string": "(string)",
  "sliced string": "(string)",
  array: "(array)",
  code: "(code)",
  number: "(number)",
  bigint: "(bigint)",
  symbol: "(symbol)",
  regexp: "(regexp)",
  hidden: "(system)",
  "object shape": "(object shape)",
};

/**
 * The row that all nodes of a type share.
 *
 * @returns undefined for types whose nodes are told apart by name: objects, closures, native and synthetic nodes, and types unknown here.
 */
export function sharedRow(nodeType: string): string | undefined {
  return Object.hasOwn(grouped, nodeType) ? grouped[nodeType] : undefined;
}

/**
 * The row of a node that is told apart by name: objects under their constructor, functions as `name()`, others under their own name.
 *
 * A function may be named like a row of another type; `()` keeps them apart.
 */
export function constructorName(nodeType: string, name: string): string {
  if (nodeType === "closure") return `${name === "" ? "(anonymous)" : name}()`;
  if (name !== "") return name;
  return nodeType === "object" ? "(object without constructor)" : `(${nodeType})`;
}
