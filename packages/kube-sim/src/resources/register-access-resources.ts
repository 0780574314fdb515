import { webhookConfigurationResources } from "../admission/configuration-resources.ts";
import {
  nodeConnectSubresources,
  podConnectSubresources,
  serviceConnectSubresources,
} from "../admission/connect-subresources.ts";
import { rbacResources } from "../authorization/rbac-resources.ts";
import { reviewResources } from "../authorization/review-resources.ts";
import { tokenSubresource } from "../authorization/token-request.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { ServedResource } from "./served-resource.ts";

const subresources: Readonly<Record<string, NonNullable<ServedResource["subresources"]>>> = {
  nodes: nodeConnectSubresources,
  pods: podConnectSubresources,
  serviceaccounts: { token: tokenSubresource },
  services: serviceConnectSubresources,
};

/**
 * Joins to the rows of built-in kinds what access control and admission do with them: reviews, roles and bindings, webhook
 * configurations, tokens and connections. A row that is missing is added.
 */
export function registerAccessResources(registry: ResourceRegistry): void {
  const resources: ServedResource[] = [...reviewResources(), ...rbacResources(), ...webhookConfigurationResources()];
  for (const resource of resources) {
    // A row that is there says how the resource is served; here is what it does.
    const row = registry.find(resource.group, resource.version, resource.plural);
    const { handleCreate, rules, nameRule } = resource;
    const behaviour = {
      ...(handleCreate === undefined ? {} : { handleCreate }),
      ...(rules === undefined ? {} : { rules }),
      ...(nameRule === undefined ? {} : { nameRule }),
    };
    registry.add(row === undefined ? resource : { ...row, ...behaviour });
  }
  for (const [plural, handlers] of Object.entries(subresources)) {
    const row = registry.find("", "v1", plural);
    if (row !== undefined) registry.add({ ...row, subresources: { ...row.subresources, ...handlers } });
  }
}
