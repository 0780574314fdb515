import type { BundleObject } from "@kinglet/policy-engine/bundle";
import type { Condition } from "@kinglet/kube-client/controller";
import type { ResourceDefinition } from "@kinglet/kube-client";

/** @public */
export const securityPolicies: ResourceDefinition = {
  group: "config.stackrox.io",
  version: "v1alpha1",
  plural: "securitypolicies",
  kind: "SecurityPolicy",
  namespaced: true,
};

/** @public */
export const ruleResources: ResourceDefinition = {
  group: "kubescape.io",
  version: "v1",
  plural: "rules",
  kind: "Rules",
  namespaced: true,
};

/** @public */
export const configMaps: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};

/** A SecurityPolicy or Rules resource as the API server has it; nothing in it is trusted but its metadata. @public */
export interface ControlledObject extends BundleObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly policyId?: unknown; readonly conditions?: unknown };
}

/** A condition as it may stand in a resource that another controller wrote. */
export type StoredCondition = Partial<Condition>;
