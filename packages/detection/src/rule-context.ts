import type { RuleDefinition } from "@kinglet/policy-engine";

/** Where an event comes from. @public */
export type RuntimeContext = "kubernetes" | "host" | "standalone" | "container" | "ecs";

const prefix = "context:";

/**
 * True when a rule is meant for events of a context. Rules say it in tags `context:<x>`; without one a rule is for Kubernetes alone.
 * `context:container` means every context but the host.
 *
 * @param context - undefined: nothing is known about it, which counts as Kubernetes.
 * @public
 */
export function appliesInContext(rule: Pick<RuleDefinition, "tags">, context: RuntimeContext = "kubernetes"): boolean {
  const named = rule.tags.filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length));
  if (named.length === 0) return context === "kubernetes";
  return named.includes(context) || (named.includes("container") && context !== "host");
}
