import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";

/** Where the fields of a node, an edge and a location are, and how many there are, as the snapshot itself says. */
export interface SnapshotLayout {
  readonly nodeCount: number;
  readonly nodeFields: number;
  /** Positions of fields in a node. */
  readonly typeAt: number;
  readonly nameAt: number;
  readonly sizeAt: number;
  readonly edgeCountAt: number;
  /** Names of node types, by number. */
  readonly nodeTypes: readonly string[];
  readonly edgeFields: number;
  /** Positions of fields in an edge. */
  readonly edgeTypeAt: number;
  readonly edgeNameAt: number;
  readonly edgeTargetAt: number;
  /** Number of the edge type `internal`. */
  readonly internalEdge: number;
  /** 0 when the snapshot has no locations. */
  readonly locationFields: number;
  /** Positions of fields in a location. */
  readonly locationNodeAt: number;
  readonly scriptAt: number;
  readonly lineAt: number;
  readonly columnAt: number;
}

/** A snapshot has 6 or 7 fields per node; more than this is not one. */
const maxFields = 64;
const maxTypes = 255;

/**
 * Reads the member `snapshot` of a heap snapshot: field names from `meta`, and the number of nodes.
 *
 * Nothing is assumed about the order of fields. The declared number of nodes is believed only when the file is large enough to hold
 * them: it decides what is allocated.
 *
 * @param text - the member's JSON text.
 * @param fileBytes - size of the whole file.
 * @throws `KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT` saying what is missing.
 */
export function parseSnapshotLayout(text: string, fileBytes: number, path: string): SnapshotLayout {
  const refuse = (reason: string, cause?: unknown): never => {
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT", { path, reason }, { cause });
  };
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    return refuse('"snapshot" is not JSON', error);
  }
  const meta = member(header, "meta");
  const names = (key: string): readonly string[] => {
    const list = member(meta, key);
    const isGood = Array.isArray(list) && list.length <= maxFields && list.every((name) => typeof name === "string");
    return isGood ? list : [];
  };
  const nodeFields = names("node_fields");
  const edgeFields = names("edge_fields");
  const locationFields = names("location_fields");
  const position = (fields: readonly string[], list: string, field: string): number => {
    const at = fields.indexOf(field);
    return at >= 0 ? at : refuse(`snapshot.meta.${list} has no "${field}"`);
  };
  const types = (key: string, at: number): readonly string[] => {
    const list: unknown = member(meta, key);
    const own: unknown = Array.isArray(list) ? list[at] : undefined;
    const isGood = Array.isArray(own) && own.length <= maxTypes && own.every((name) => typeof name === "string");
    return isGood ? own : refuse(`snapshot.meta.${key} does not list the types`);
  };
  const nodeCount = member(header, "node_count");
  if (typeof nodeCount !== "number" || !Number.isSafeInteger(nodeCount) || nodeCount < 0) {
    return refuse("snapshot.node_count is not a count");
  }
  const typeAt = position(nodeFields, "node_fields", "type");
  // A digit and a comma for each field is the least a node takes.
  if (nodeCount * nodeFields.length * 2 > fileBytes) {
    return refuse(`it declares ${nodeCount} nodes, which do not fit into its ${fileBytes} bytes`);
  }
  const edgeTypeAt = position(edgeFields, "edge_fields", "type");
  const hasLocations = locationFields.length > 0;
  const inLocation = (field: string): number => (hasLocations ? position(locationFields, "location_fields", field) : 0);
  return {
    nodeCount,
    nodeFields: nodeFields.length,
    typeAt,
    nameAt: position(nodeFields, "node_fields", "name"),
    sizeAt: position(nodeFields, "node_fields", "self_size"),
    edgeCountAt: position(nodeFields, "node_fields", "edge_count"),
    nodeTypes: types("node_types", typeAt),
    edgeFields: edgeFields.length,
    edgeTypeAt,
    edgeNameAt: position(edgeFields, "edge_fields", "name_or_index"),
    edgeTargetAt: position(edgeFields, "edge_fields", "to_node"),
    internalEdge: types("edge_types", edgeTypeAt).indexOf("internal"),
    locationFields: locationFields.length,
    locationNodeAt: inLocation("object_index"),
    scriptAt: inLocation("script_id"),
    lineAt: inLocation("line"),
    columnAt: inLocation("column"),
  };
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
