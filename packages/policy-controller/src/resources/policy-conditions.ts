import { setCondition, type Condition } from "@kinglet/kube-client/controller";
import type { ControlledObject, StoredCondition } from "./controlled-resource.ts";
import type { ResourceRecord } from "./resource-book.ts";

/** What a resource's status says. */
export interface ResourceStatus {
  readonly policyId?: string;
  /** Ours, and what others put there. */
  readonly conditions: readonly unknown[];
}

/** The conditions that are ours; others in the list are somebody else's. */
const types = ["CentralDataFresh", "PolicyValidated", "AcceptedByCentral"] as const;

/** Most entries that are kept: a list made by mistake must not grow for ever. */
const maxConditions = 64;

/**
 * The status that a resource is to have.
 *
 * The three types of existing installations are kept, and mean here: the controller needs no central (always true), the content is valid, and it is in force,
 * that is, in the published bundle.
 *
 * @param isPublished - whether `record.versionInForce` is part of the bundle in the cluster.
 * @param bundleProblem - why no bundle can be made; empty when there is none.
 * @returns undefined when the stored status says the same already, so that nothing needs to be written.
 */
export function wantedStatus(
  object: ControlledObject,
  record: ResourceRecord,
  { isPublished, bundleProblem, nowMs }: { isPublished: boolean; bundleProblem: string; nowMs: number },
): ResourceStatus | undefined {
  const entries = foldEntries(object.status?.conditions);
  const stored = entries.flatMap((entry) => (isOurs(entry) ? [readCondition(entry)] : []));
  const generation = object.metadata.generation;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let conditions: readonly Condition[] = stored;
  for (const wanted of verdicts(record, isPublished, bundleProblem)) {
    if (!isSaid(conditions, wanted, generation))
      conditions = setCondition(conditions, { ...wanted, ...observed }, nowMs);
  }
  const { policyId } = object.status ?? {};
  const id = typeof policyId === "string" && policyId !== "" ? policyId : object.metadata.uid;
  if (conditions === stored && !entries.isFolded && id === policyId) return undefined;
  return { policyId: id, conditions: inPlace(entries, conditions) };
}

type Verdict = Pick<Condition, "type" | "status" | "reason" | "message">;

function verdicts(record: ResourceRecord, isPublished: boolean, bundleProblem: string): readonly Verdict[] {
  const { judgement, nameTakenBy, inForce } = record;
  const fresh: Verdict = {
    type: types[0],
    status: "True",
    reason: "NoCentral",
    message: "the config-controller publishes policies itself",
  };
  const [validated, accepted] = [types[1], types[2]];
  if (!judgement.isValid) {
    const rest = inForce === undefined ? "nothing of it is in force" : "its last valid content stays in force";
    return [
      fresh,
      { type: validated, status: "False", reason: "Invalid", message: judgement.message },
      { type: accepted, status: "False", reason: "NotValid", message: rest },
    ];
  }
  if (nameTakenBy !== undefined) {
    const message = `the name ${JSON.stringify(judgement.claimedName)} is taken by ${nameTakenBy}`;
    return [
      fresh,
      { type: validated, status: "False", reason: "NameTaken", message },
      { type: accepted, status: "False", reason: "NotValid", message: "nothing of it is in force" },
    ];
  }
  const valid: Verdict = { type: validated, status: "True", reason: "Valid", message: judgement.message };
  if (isPublished) {
    return [
      fresh,
      valid,
      { type: accepted, status: "True", reason: "Published", message: "it is part of the policy bundle" },
    ];
  }
  const waiting = bundleProblem === "" ? "the policy bundle is being made" : bundleProblem;
  const reason = bundleProblem === "" ? "Publishing" : "BundleFailed";
  return [fresh, valid, { type: accepted, status: "False", reason, message: waiting }];
}

/**
 * Whether a condition says this already. A definition of another product may have no place for reason and generation: what it drops is not written again
 * and again.
 */
function isSaid(conditions: readonly Condition[], wanted: Verdict, generation: number | undefined): boolean {
  const said = conditions.filter(({ type }) => type === wanted.type);
  const [one] = said;
  if (one === undefined || said.length > 1) return false;
  const isSameReason = one.reason === "" || one.reason === wanted.reason;
  const isSameGeneration = one.observedGeneration === undefined || one.observedGeneration === generation;
  return one.status === wanted.status && one.message === wanted.message && isSameReason && isSameGeneration;
}

/** Entries of a list of conditions; `isFolded` when some had one type. */
type Entries = readonly unknown[] & { readonly isFolded: boolean };

/**
 * The entries of a list of any origin: of several of one type the newest stays, in the place of the first. What has no type is somebody else's and stays as it
 * is; entries beyond 64 go.
 */
function foldEntries(value: unknown): Entries {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const places = new Map<string, number>();
  const kept: unknown[] = [];
  for (const entry of list) {
    const type = memberOf(entry, "type");
    const place = typeof type === "string" ? places.get(type) : undefined;
    if (place !== undefined) {
      if (timeOf(kept[place]) < timeOf(entry)) kept[place] = entry;
    } else if (kept.length < maxConditions) {
      if (typeof type === "string") places.set(type, kept.length);
      kept.push(entry);
    }
  }
  return Object.assign(kept, { isFolded: kept.length < list.length });
}

/** The entries with ours in their places, and those that are new at the end. */
function inPlace(entries: Entries, conditions: readonly Condition[]): readonly unknown[] {
  const left = new Map<unknown, Condition>(conditions.map((condition) => [condition.type, condition]));
  const all = entries.map((entry) => {
    const type = memberOf(entry, "type");
    const ours = left.get(type);
    left.delete(type);
    return ours ?? entry;
  });
  return [...all, ...left.values()];
}

function isOurs(entry: unknown): entry is StoredCondition {
  return (types as readonly unknown[]).includes(memberOf(entry, "type"));
}

function timeOf(entry: unknown): string {
  const time = memberOf(entry, "lastTransitionTime");
  return typeof time === "string" ? time : "";
}

function memberOf(value: unknown, name: keyof StoredCondition): unknown {
  return typeof value === "object" && value !== null ? (value as StoredCondition)[name] : undefined;
}

function readCondition({
  type = "",
  status,
  reason,
  message,
  lastTransitionTime,
  observedGeneration,
}: StoredCondition): Condition {
  return {
    type,
    // What is no status is told from every wanted one.
    status: status === "True" || status === "False" ? status : "Unknown",
    reason: typeof reason === "string" ? reason : "",
    message: typeof message === "string" ? message : "",
    lastTransitionTime: typeof lastTransitionTime === "string" ? lastTransitionTime : "1970-01-01T00:00:00Z",
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
  };
}
