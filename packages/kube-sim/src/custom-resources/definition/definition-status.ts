import { isJsonRecord, type JsonRecord, type KubeObject } from "../../resources/kube-object.ts";
import { isDeepStrictEqual } from "node:util";
import {
  readDefinitionSpec,
  readNames,
  recordAt,
  recordsAt,
  textAt,
  writeNames,
  type DefinitionNames,
} from "./definition-spec.ts";

/** Status of a condition: `True`, `False`, `Unknown`, or "" when it is not there. */
export function conditionStatus(definition: KubeObject, type: string): string {
  const found = conditionsOf(definition).find((condition) => condition["type"] === type);
  return found === undefined ? "" : textAt(found, "status");
}

/** A definition with a condition set: the time of the last transition changes with its status only. */
export function withCondition(
  definition: KubeObject,
  condition: { readonly type: string; readonly status: string; readonly reason: string; readonly message: string },
  now: string,
): KubeObject {
  const conditions = conditionsOf(definition);
  const old = conditions.find((known) => known["type"] === condition.type);
  const isSame = old !== undefined && old["status"] === condition.status;
  const { type, status, reason, message } = condition;
  const since = isSame ? old["lastTransitionTime"] : now;
  const next = { type, status, lastTransitionTime: since, reason, message };
  const list = old === undefined ? [...conditions, next] : conditions.map((known) => (known === old ? next : known));
  return { ...definition, status: { ...recordAt(definition, "status"), conditions: list } };
}

/** What a new definition's status is before any controller has seen it. */
export function initialStatus(definition: KubeObject): JsonRecord {
  const storage = readDefinitionSpec(definition).versions.find((version) => version.storage);
  return {
    conditions: null,
    acceptedNames: { plural: "", kind: "" },
    storedVersions: storage === undefined ? null : [storage.name],
  };
}

/** The names a definition may have of those it asks for: others of its group may have taken some. */
export function withAcceptedNames(definition: KubeObject, others: readonly KubeObject[], now: string): KubeObject {
  const asked = readDefinitionSpec(definition).names;
  const had = readNames(recordAt(definition.status, "acceptedNames"));
  const taken = takenNames(others, readDefinitionSpec(definition).group);
  const { names, reason, message } = negotiate(asked, had, taken);
  const isAccepted = reason === "";
  const status = { ...recordAt(definition, "status"), acceptedNames: writeNames(names) };
  const accepted = withCondition(
    { ...definition, status },
    {
      type: "NamesAccepted",
      status: isAccepted ? "True" : "False",
      reason: isAccepted ? "NoConflicts" : reason,
      message: isAccepted ? "no conflicts found" : message,
    },
    now,
  );
  const established = conditionStatus(definition, "Established");
  if (established === "True" || (established === "False" && !isAccepted)) return accepted;
  return withCondition(
    accepted,
    isAccepted
      ? { type: "Established", status: "False", reason: "Installing", message: "the initial names have been accepted" }
      : { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" },
    now,
  );
}

/** True when the definition has all the names it asks for. */
export function hasItsNames(definition: KubeObject): boolean {
  const asked = writeNames(readDefinitionSpec(definition).names);
  return isDeepStrictEqual(asked, writeNames(readNames(recordAt(definition.status, "acceptedNames"))));
}

interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenNames(others: readonly KubeObject[], group: string): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (readDefinitionSpec(other).group !== group) continue;
    const names = readNames(recordAt(other.status, "acceptedNames"));
    for (const name of [names.plural, names.singular, ...names.shortNames]) resources.add(name);
    for (const kind of [names.kind, names.listKind]) kinds.add(kind);
  }
  return { resources, kinds };
}

function negotiate(
  asked: DefinitionNames,
  had: DefinitionNames,
  taken: TakenNames,
): { readonly names: DefinitionNames; readonly reason: string; readonly message: string } {
  let reason = "";
  let message = "";
  const refuse = (why: string, names: readonly string[]): void => {
    reason = why;
    const texts = names.map((name) => `${JSON.stringify(name)} is already in use`);
    message = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  };
  const choose = (
    field: "plural" | "singular" | "kind" | "listKind",
    inUse: ReadonlySet<string>,
    why: string,
  ): string => {
    if (asked[field] === had[field] || !inUse.has(asked[field])) return asked[field];
    refuse(why, [asked[field]]);
    return had[field];
  };
  const plural = choose("plural", taken.resources, "PluralConflict");
  const singular = choose("singular", taken.resources, "SingularConflict");
  const wrong = asked.shortNames.filter((name) => !had.shortNames.includes(name) && taken.resources.has(name));
  if (wrong.length > 0) refuse("ShortNamesConflict", wrong);
  const shortNames = wrong.length > 0 ? had.shortNames : asked.shortNames;
  const kind = choose("kind", taken.kinds, "KindConflict");
  const listKind = choose("listKind", taken.kinds, "ListKindConflict");
  return { names: { plural, singular, shortNames, kind, listKind, categories: asked.categories }, reason, message };
}

function conditionsOf(definition: KubeObject): JsonRecord[] {
  return isJsonRecord(definition.status) ? recordsAt(definition.status, "conditions") : [];
}
