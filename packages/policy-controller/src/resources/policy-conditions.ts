import { setCondition, type Condition } from "@kinglet/kube-client/controller";
import type { ControlledObject, StoredCondition } from "./controlled-resource.ts";
import type { ResourceRecord } from "./resource-book.ts";

/** What a resource's status says. */
export interface ResourceStatus {
  readonly policyId?: string;
  readonly conditions: readonly Condition[];
}

/** The conditions that are ours; others in the list are somebody else's. */
const types = ["CentralDataFresh", "PolicyValidated", "AcceptedByCentral"] as const;

/** Most types that are kept: a list made by mistake must not grow for ever. */
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
  const stored = readConditions(object.status?.conditions);
  const generation = object.metadata.generation;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let conditions = stored;
  for (const wanted of verdicts(record, isPublished, bundleProblem)) {
    if (!isSaid(conditions, wanted, generation))
      conditions = setCondition(conditions, { ...wanted, ...observed }, nowMs);
  }
  const { policyId } = object.status ?? {};
  const id = typeof policyId === "string" && policyId !== "" ? policyId : object.metadata.uid;
  return conditions === stored && id === policyId ? undefined : { policyId: id, conditions };
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

/** Conditions of any origin: what is none is left out, of several of one type the newest stays, types beyond 64 are cut. */
function readConditions(value: unknown): readonly Condition[] {
  if (!Array.isArray(value)) return [];
  const byType = new Map<string, Condition>();
  for (const one of value as readonly unknown[]) {
    const condition = readCondition(one);
    if (condition === undefined) continue;
    const other = byType.get(condition.type);
    if (other === undefined && byType.size === maxConditions) continue;
    if (other === undefined || other.lastTransitionTime < condition.lastTransitionTime) {
      byType.set(condition.type, condition);
    }
  }
  return [...byType.values()];
}

function readCondition(value: unknown): Condition | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, status, reason, message, lastTransitionTime, observedGeneration } = value as StoredCondition;
  if (typeof type !== "string" || (status !== "True" && status !== "False" && status !== "Unknown")) return undefined;
  return {
    type,
    status,
    reason: typeof reason === "string" ? reason : "",
    message: typeof message === "string" ? message : "",
    lastTransitionTime: typeof lastTransitionTime === "string" ? lastTransitionTime : "1970-01-01T00:00:00Z",
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
  };
}
