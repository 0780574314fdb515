import { webhookConfigurationResources } from "../admission/configuration-resources.ts";
import { rbacResources } from "../authorization/rbac-resources.ts";
import { joinResource } from "./join-resource.ts";
import type { ResourceRegistry } from "./resource-registry.ts";

/** Joins to the rows of built-in kinds what access control and admission know about their own objects: roles and bindings, webhook configurations. */
export function registerAccessResources(registry: ResourceRegistry): void {
  for (const resource of [...rbacResources(), ...webhookConfigurationResources()]) joinResource(registry, resource);
}
