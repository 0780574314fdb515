import type { FieldRow, FieldTable, SpecialMessage } from "@kinglet/kube-schema/field-table";
import { isInternedField, projectedFields, type ProjectedField, type Projection } from "../projection.ts";

/** What is kept of a message, field by field; the table's decoder runs it, the writer of decoders prints it. @internal */
export interface MessagePlan {
  readonly message: string;
  readonly fields: readonly FieldPlan[];
  /** Fields that are `null` in JSON are kept as `null`: nothing was projected away here. */
  readonly isWhole: boolean;
  /** Fields that JSON has and protobuf does not: apiVersion and kind. */
  readonly constants: readonly (readonly [key: string, value: string])[];
}

/** One kept field. @internal */
export interface FieldPlan {
  readonly row: FieldRow;
  /** For the type `message`, unless special. */
  readonly plan: MessagePlan | undefined;
  readonly special: SpecialMessage | undefined;
  /** Strings are likely to come again. */
  readonly isInterned: boolean;
  /** Values repeat between objects and may be one and the same. */
  readonly isShared: boolean;
  /** Of a map of strings only these keys are kept. */
  readonly keys: readonly string[] | undefined;
  /** The paths go into something that has no rows of its own: it is decoded whole, then projected as JSON is. */
  readonly rest: ProjectedField | undefined;
}

/** A kind to decode. @internal */
export interface PlannedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** It comes as PartialObjectMetadata. @defaultValue false */
  readonly metadataOnly?: boolean;
}

interface Place {
  readonly parent: string;
  readonly plans: Map<string, MessagePlan>;
  readonly kind: PlannedKind | undefined;
}

/** The one kind that lies inside another: the server writes its apiVersion and kind into JSON, and leaves them out of protobuf. */
const CLAIM = { apiVersion: "v1", kind: "PersistentVolumeClaim" };

const NOTHING = {
  special: undefined,
  plan: undefined,
  isInterned: true,
  isShared: false,
  keys: undefined,
  rest: undefined,
} as const;

/**
 * Joins a projection with the field table.
 *
 * @param projection - absent: everything but `metadata.managedFields`.
 * @returns the plan, or `undefined` for a kind that is not built in. Paths that name no field of the kind keep nothing: `unknownPaths` tells them.
 * @internal
 */
export function createDecodePlan(
  table: FieldTable,
  kind: PlannedKind,
  projection: Projection | undefined,
): MessagePlan | undefined {
  const message =
    kind.metadataOnly === true
      ? table.messageOf("meta.k8s.io/v1", "PartialObjectMetadata")
      : table.messageOf(kind.apiVersion, kind.kind);
  if (message === undefined) return undefined;
  const plans = new Map<string, MessagePlan>();
  if (projection === undefined) return { ...wholePlan(table, message, plans, "root"), constants: constantsOf(kind) };
  return projectedPlan(table, message, projectedFields(projection), { parent: "", plans, kind });
}

/**
 * The declared paths that the table has no row for: mistakes, and fields of servers that are newer than the table. Where only the table ends (maps, values whose
 * shape only JSON knows) every path is known.
 *
 * @returns none for a kind that is not built in.
 * @internal
 */
export function unknownPaths(table: FieldTable, kind: PlannedKind, projection: Projection): readonly string[] {
  const message =
    kind.metadataOnly === true
      ? table.messageOf("meta.k8s.io/v1", "PartialObjectMetadata")
      : table.messageOf(kind.apiVersion, kind.kind);
  if (message === undefined) return [];
  const paths: string[] = [];
  findUnknown(table, message, projectedFields(projection), { path: "", paths, hasKind: true });
  return paths;
}

function findUnknown(
  table: FieldTable,
  message: string,
  nodes: readonly ProjectedField[],
  at: { readonly path: string; readonly paths: string[]; readonly hasKind: boolean },
): void {
  for (const node of nodes) {
    const path = at.path + node.key;
    // Protobuf has neither; they are written into the object.
    if (at.hasKind && (node.key === "apiVersion" || node.key === "kind")) continue;
    const found = findRow(table, message, node.key);
    if (found === undefined) at.paths.push(path);
    else if (node.fields !== undefined && found.message !== undefined && !found.isMap) {
      if (table.special(found.message) !== undefined || found.isRepeated !== node.isArray) continue;
      const inside = {
        path: `${path}${node.isArray ? "[]" : ""}.`,
        paths: at.paths,
        hasKind: isClaims(message, found),
      };
      findUnknown(table, found.message, node.fields, inside);
    }
  }
}

function findRow(table: FieldTable, message: string, name: string): FieldRow | undefined {
  for (const row of table.rows(message) ?? []) {
    if (!row.isInline || row.message === undefined) {
      if (row.name === name) return row;
      continue;
    }
    const inside = findRow(table, row.message, name);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** Plans of whole messages refer to each other (a schema holds schemas), so each is made once. */
function wholePlan(
  table: FieldTable,
  message: string,
  plans: Map<string, MessagePlan>,
  place: "root" | "metadata" | "claim" | "inside",
): MessagePlan {
  const key = `${place} ${message}`;
  const known = plans.get(key);
  if (known !== undefined) return known;
  const fields: FieldPlan[] = [];
  const constants = place === "claim" ? constantsOf(CLAIM) : [];
  plans.set(key, { message, fields, isWhole: true, constants });
  for (const row of table.rows(message) ?? []) {
    if (place === "metadata" && row.name === "managedFields") continue;
    const special = row.message === undefined ? undefined : table.special(row.message);
    const next = isClaims(message, row) ? "claim" : place === "root" && row.name === "metadata" ? "metadata" : "inside";
    const isPlain = row.message !== undefined && special === undefined;
    fields.push({
      row,
      special,
      plan: isPlain || hasSchema(special) ? wholePlan(table, row.message ?? "", plans, next) : undefined,
      isInterned: isInternedField(place === "metadata" ? "metadata" : "", row.name),
      isShared: false,
      keys: undefined,
      rest: undefined,
    });
  }
  return plans.get(key)!; // set above
}

function projectedPlan(table: FieldTable, message: string, nodes: readonly ProjectedField[], at: Place): MessagePlan {
  const { parent, plans } = at;
  // Containers and initContainers of which the same is kept are decoded alike.
  const key = `${parent === "metadata"} ${at.kind?.kind ?? ""} ${message} ${pathsOf(nodes)}`;
  const known = plans.get(key);
  if (known !== undefined) return known;
  const fields: FieldPlan[] = [];
  for (const row of table.rows(message) ?? []) {
    if (row.isInline && row.message !== undefined) {
      const plan = projectedPlan(table, row.message, nodes, { ...at, kind: undefined });
      if (plan.fields.length > 0) fields.push({ ...NOTHING, row, plan });
      continue;
    }
    const node = nodes.find(({ key }) => key === row.name);
    if (node === undefined || (parent === "metadata" && row.name === "managedFields")) continue;
    const place = { parent, plans, kind: isClaims(message, row) ? CLAIM : undefined };
    const field = node.fields === undefined ? leaf(table, row, node, place) : inner(table, row, node, place);
    fields.push({ ...field, isShared: (row.isRepeated || row.isMap) && isShareable(field, new Set()) });
  }
  const constants = constantsOf(at.kind).filter(([name]) => nodes.some(({ key }) => key === name));
  const plan = { message, fields, isWhole: false, constants };
  plans.set(key, plan);
  return plan;
}

/** A field that is kept whole. */
function leaf(table: FieldTable, row: FieldRow, node: ProjectedField, at: Place): FieldPlan {
  const special = row.message === undefined ? undefined : table.special(row.message);
  const next = at.kind !== undefined ? "claim" : at.parent === "" && row.name === "metadata" ? "metadata" : "inside";
  const hasPlan = row.message !== undefined && (special === undefined || hasSchema(special));
  const plan = hasPlan ? wholePlan(table, row.message, at.plans, next) : undefined;
  return { ...NOTHING, row, special, plan, isInterned: node.isInterned };
}

/** A field of which a part is kept. */
function inner(table: FieldTable, row: FieldRow, node: ProjectedField, at: Place): FieldPlan {
  const { fields = [] } = node;
  const whole = leaf(table, row, node, at);
  if (row.isMap && row.type === "string" && !node.isArray && fields.every((key) => key.fields === undefined)) {
    return { ...whole, keys: fields.map(({ key }) => key) };
  }
  const isMessage = row.message !== undefined && whole.special === undefined && !row.isMap;
  if (!isMessage || row.isRepeated !== node.isArray) return { ...whole, rest: node };
  return { ...whole, plan: projectedPlan(table, row.message, fields, { ...at, parent: node.key }) };
}

function pathsOf(nodes: readonly ProjectedField[]): string {
  return nodes
    .map(({ key, isArray, fields }) => {
      return JSON.stringify(key) + (isArray ? "[]" : "") + (fields === undefined ? "" : `(${pathsOf(fields)})`);
    })
    .join();
}

function isClaims(message: string, row: FieldRow): boolean {
  return message === "k8s.io.api.apps.v1.StatefulSetSpec" && row.name === "volumeClaimTemplates";
}

function constantsOf(kind: PlannedKind | undefined): readonly (readonly [string, string])[] {
  return kind === undefined
    ? []
    : [
        ["apiVersion", kind.apiVersion],
        ["kind", kind.kind],
      ];
}

/** Only what is read through the table of strings can be looked for; a value that is different in every object would only push others out. */
function isShareable(field: FieldPlan, seen: Set<MessagePlan>): boolean {
  const { row, plan, special, rest } = field;
  if (rest !== undefined) return false;
  if (row.type === "string") return field.isInterned;
  if (row.type !== "message") return row.type === "bool" || row.type === "int32" || row.type === "int64";
  if (plan === undefined) return special === "quantity" || special === "intOrString" || special === "stringList";
  if (seen.has(plan) || special !== undefined) return false;
  seen.add(plan);
  return plan.fields.every((inner) => isShareable(inner, seen));
}

function hasSchema(special: SpecialMessage | undefined): boolean {
  return special === "schemaOrBool" || special === "schemaOrArray" || special === "schemaOrStringArray";
}
