import { matchesLabels } from "../selectors/label-selector.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { notFound } from "../refusals/refusals.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";
import {
  equivalentTargets,
  isNamespace,
  labelsOf,
  namespaceOf,
  requestedTarget,
  type AdmissionTarget,
  type GroupVersionResource,
} from "./admission-attributes.ts";
import type { Webhook, WebhookRule } from "./webhook.ts";

/** The kinds that configure admission itself: no webhook is ever asked about them. */
const EXEMPT_KINDS: Readonly<Record<string, true>> = {
  ValidatingWebhookConfiguration: true,
  MutatingWebhookConfiguration: true,
  ValidatingAdmissionPolicy: true,
  ValidatingAdmissionPolicyBinding: true,
  MutatingAdmissionPolicy: true,
  MutatingAdmissionPolicyBinding: true,
};

/** Decides which webhooks an attempt concerns, and in which version they want to see it. */
export class WebhookMatcher {
  readonly #store: ObjectStore;
  readonly #registry: ResourceRegistry;

  constructor(store: ObjectStore, registry: ResourceRegistry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** False for what configures admission itself. */
  isReviewed(attempt: WriteAttempt): boolean {
    const { group, kind } = attempt.resource;
    return group !== "admissionregistration.k8s.io" || EXEMPT_KINDS[kind] !== true;
  }

  /**
   * The version a webhook wants to see, going by selectors and rules; undefined when it is not concerned.
   *
   * @throws ApiRefusal 404 when the webhook would be concerned but the namespace does not exist.
   */
  match(webhook: Webhook, attempt: WriteAttempt): AdmissionTarget | undefined {
    const namespaceMatch = this.#matchesNamespace(webhook, attempt);
    if (namespaceMatch === false || !matchesObject(webhook, attempt)) return undefined;
    const target = this.#matchRules(webhook, attempt);
    if (target !== undefined && namespaceMatch instanceof Error) throw namespaceMatch;
    return target;
  }

  #matchRules(webhook: Webhook, attempt: WriteAttempt): AdmissionTarget | undefined {
    const requested = requestedTarget(attempt);
    if (webhook.rules.some((rule) => matchesRule(rule, attempt, requested.resource))) return requested;
    if (!webhook.matchesEquivalents) return undefined;
    const others = equivalentTargets(attempt, this.#registry);
    for (const rule of webhook.rules) {
      const target = others.find((other) => matchesRule(rule, attempt, other.resource));
      if (target !== undefined) return target;
    }
    return undefined;
  }

  #matchesNamespace(webhook: Webhook, attempt: WriteAttempt): boolean | Error {
    const namespace = namespaceOf(attempt);
    if (namespace === "" && !isNamespace(attempt)) return true;
    if (webhook.namespaceSelector.length === 0) return true;
    const isItself = isNamespace(attempt) && attempt.subresource === "" && attempt.object !== undefined;
    const labels = isItself ? labelsOf(attempt.object) : this.#store.table("namespaces").get(namespace)?.metadata;
    if (labels === undefined) return notFound({ group: "", plural: "namespaces", kind: "Namespace" }, namespace);
    const own = isItself ? labels : (labels as { labels?: Record<string, string> }).labels;
    return matchesLabels(webhook.namespaceSelector, own as Record<string, string> | undefined);
  }
}

function matchesObject(webhook: Webhook, attempt: WriteAttempt): boolean {
  if (webhook.objectSelector.length === 0) return true;
  return [attempt.object, attempt.oldObject].some((object) => {
    const labels = labelsOf(object);
    return labels !== undefined && matchesLabels(webhook.objectSelector, labels);
  });
}

function matchesRule(rule: WebhookRule, attempt: WriteAttempt, resource: GroupVersionResource): boolean {
  return (
    matchesScope(rule, attempt, resource) &&
    hasOrAll(rule.operations, attempt.operation) &&
    hasOrAll(rule.apiGroups, resource.group) &&
    hasOrAll(rule.apiVersions, resource.version) &&
    rule.resources.some((pattern) => {
      const slash = pattern.indexOf("/");
      const plural = slash < 0 ? pattern : pattern.slice(0, slash);
      const subresource = slash < 0 ? "" : pattern.slice(slash + 1);
      const isResource = plural === "*" || plural === resource.resource;
      return isResource && (subresource === "*" || subresource === attempt.subresource);
    })
  );
}

function matchesScope(rule: WebhookRule, attempt: WriteAttempt, resource: GroupVersionResource): boolean {
  if (rule.scope === "*") return true;
  const isCluster = (resource.group === "" && resource.resource === "namespaces") || namespaceOf(attempt) === "";
  return rule.scope === (isCluster ? "Cluster" : "Namespaced");
}

function hasOrAll(list: readonly string[], wanted: string): boolean {
  return list.includes("*") || list.includes(wanted);
}
