import { closeSync, openSync, writeSync } from "node:fs";

/** What {@link writeSyntheticSnapshot} wrote. */
export interface SyntheticSnapshot {
  readonly bytes: number;
  readonly nodes: number;
  readonly edges: number;
  /** Nodes of the constructor `Grown`. */
  readonly grown: number;
}

const classes = 2_000;
/** Each has one shared function info, which all its functions lead to. */
const scripts = 50;
const edgesPerNode = 4;
/** Share of a real snapshot that strings take; with sources kept by V8 it is about a fifth. */
const stringShare = 0.2;

/**
 * Writes a heap snapshot of about `targetBytes` as V8 writes them, piece by piece: objects of 2,000 classes, one node in 17 a closure of one
 * of 50 scripts `/app/module-N.js`, four edges per node, locations for one node in three, a fifth of strings.
 *
 * @param targetBytes - at least 1 MB.
 * @param grown - how many instances of the class `Grown` there are besides.
 */
export function writeSyntheticSnapshot(path: string, targetBytes: number, grown = 0): SyntheticSnapshot {
  const perNode = 27 + edgesPerNode * 13 + 8;
  const nodes = Math.max(200, Math.floor((targetBytes * (1 - stringShare)) / perNode)) + grown;
  const edges = nodes * edgesPerNode;
  const file = openSync(path, "w");
  let bytes = 0;
  let pending: string[] = [];
  let pendingLength = 0;
  const flush = (): void => {
    bytes += writeSync(file, pending.join(""));
    pending = [];
    pendingLength = 0;
  };
  const write = (text: string): void => {
    pending.push(text);
    pendingLength += text.length;
    if (pendingLength > 1_000_000) flush();
  };
  const meta = {
    node_fields: ["type", "name", "id", "self_size", "edge_count", "detachedness"],
    node_types: [
      ["hidden", "array", "string", "object", "code", "closure"],
      "string",
      "number",
      "number",
      "number",
      "number",
    ],
    edge_fields: ["type", "name_or_index", "to_node"],
    edge_types: [["context", "element", "property", "internal"], "string_or_number", "node"],
    location_fields: ["object_index", "script_id", "line", "column"],
  };
  try {
    write(`{"snapshot":{"meta":${JSON.stringify(meta)},"node_count":${nodes},"edge_count":${edges}},\n"nodes":[`);
    for (let node = 0; node < nodes; node++) {
      const [type, name] = describeNode(node, grown);
      const size = isGrown(node, grown) ? 40 : 16 + (node % 29) * 8;
      write(`${node === 0 ? "" : ","}${type},${name},${node * 2 + 1},${size},${edgesPerNode},0\n`);
    }
    write(`],\n"edges":[`);
    for (let edge = 0; edge < edges; edge++) {
      const node = Math.floor(edge / edgesPerNode);
      const [type] = describeNode(node, grown);
      const comma = edge === 0 ? "" : ",";
      if (edge % edgesPerNode > 0 || type < 4) write(`${comma}${edge & 1},${edge % 900},${((edge * 7) % nodes) * 6}\n`);
      else if (type === 5) write(`${comma}3,${sharedString},${(1 + (node % scripts)) * 6}\n`);
      else write(`${comma}3,${sharedString + 1},${(1 + scripts + ((node - 1) % scripts)) * 6}\n`);
    }
    write(`],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[`);
    for (let node = 0; node < nodes; node += 3) {
      write(`${node === 0 ? "" : ","}${node * 6},${10 + (node % scripts)},${node % 3_000},${node % 80}\n`);
    }
    write(`],\n"strings":["Grown"`);
    for (let name = 0; name < classes; name++) write(`,\n"Class${name}"`);
    write(`,\n"","shared","script"`);
    for (let script = 0; script < scripts; script++) write(`,\n"/app/module-${script}.js"`);
    const source = JSON.stringify(
      `const text = "line";\nfunction example(value) {\n\treturn value + 1; // \\u00e4\n}\n`.repeat(40),
    );
    const filler = Math.max(0, targetBytes - bytes - pendingLength);
    for (let written = 0; written < filler; written += source.length + 2) write(`,\n${source}`);
    write("]}");
    flush();
  } finally {
    closeSync(file);
  }
  return { bytes, nodes, edges, grown };
}

/** Behind the root, the shared function infos and the scripts. */
function isGrown(node: number, grown: number): boolean {
  return node > 2 * scripts && node <= 2 * scripts + grown;
}

const emptyString = 1 + classes;
const sharedString = emptyString + 1;

function describeNode(node: number, grown: number): readonly [type: number, name: number] {
  if (node === 0) return [0, emptyString];
  if (node <= scripts) return [4, 1];
  if (node <= 2 * scripts) return [4, sharedString + 2 + (node - 1 - scripts)];
  if (isGrown(node, grown)) return [3, 0];
  if (node % 17 === 0) return [5, 1 + (node % classes)];
  return node % 17 === 1 ? [2, emptyString] : [3, 1 + (node % classes)];
}
