import type { RuleContext } from "../resources/kind-rules.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { carryIdentity } from "../writing/object-lifecycle.ts";
import type { SubresourceHandler } from "../resources/served-resource.ts";
import { ensureRecord, recordsAt } from "./json-access.ts";

/** `…/approval`: only the conditions can be changed there. */
export function approvalSubresource(): SubresourceHandler {
  return {
    verbs: ["get", "patch", "update"],
    merge: (current, wanted) => {
      const next = structuredClone({ ...wanted, spec: current.spec, status: current.status ?? {} });
      carryIdentity(current, next);
      const conditions = recordsAt(wanted.status, "conditions");
      if (conditions.length > 0) ensureRecord(next, "status")["conditions"] = structuredClone(conditions);
      else delete ensureRecord(next, "status")["conditions"];
      return next;
    },
  };
}

/** Conditions without times get the present one; a condition that was there before keeps the time of its transition. */
export function dateSigningConditions(
  next: KubeObject,
  current: KubeObject,
  subresource: string,
  { clock }: RuleContext,
): void {
  if (subresource === "") return;
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  const before = recordsAt(current.status, "conditions");
  for (const condition of recordsAt(next.status, "conditions")) {
    condition["lastUpdateTime"] ??= now;
    const same = before.find(({ type, status }) => type === condition["type"] && status === condition["status"]);
    condition["lastTransitionTime"] ??= same?.["lastTransitionTime"] ?? now;
  }
}
