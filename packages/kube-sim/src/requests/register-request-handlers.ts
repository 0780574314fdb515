import {
  nodeConnectSubresources,
  podConnectSubresources,
  serviceConnectSubresources,
} from "../admission/connect-subresources.ts";
import { reviewResources } from "../authorization/review-resources.ts";
import { tokenSubresource } from "../authorization/token-request.ts";
import { bindNamedPod, podSubresources } from "../kinds/pod-subresources.ts";
import { joinResource } from "../resources/join-resource.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import type { ServedResource } from "../resources/served-resource.ts";

/** Sub-resources that only requests reach, by plural of the core group. */
function subresourcesByPlural(): Readonly<Record<string, NonNullable<ServedResource["subresources"]>>> {
  return {
    nodes: nodeConnectSubresources,
    pods: { ...podConnectSubresources, ...podSubresources() },
    serviceaccounts: { token: tokenSubresource },
    services: serviceConnectSubresources,
  };
}

/**
 * Joins to the rows of built-in kinds what only answers requests: reviews, bindings, tokens, connections, the sub-resources of pods. Done with the first request:
 * a simulator is ready sooner without.
 */
export function registerRequestHandlers(registry: ResourceRegistry): void {
  for (const resource of reviewResources()) joinResource(registry, resource);
  const bindings = registry.find("", "v1", "bindings");
  if (bindings !== undefined) registry.add({ ...bindings, handleCreate: bindNamedPod });
  for (const [plural, handlers] of Object.entries(subresourcesByPlural())) {
    const row = registry.find("", "v1", plural);
    if (row !== undefined) registry.add({ ...row, subresources: { ...row.subresources, ...handlers } });
  }
}
