import type { KubeClient, ListOptions } from "./kube-client.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** No object has this name, so the answer is empty whatever there is. */
const NOTHING = "metadata.name=-";

/**
 * Asks the server whether it has reached a version, by a list of nothing at that version: a server that is behind answers, after it has waited 3 s for itself,
 * that the version is too large.
 *
 * A watch does not tell: the API server takes a version from the future, leaves out every event up to it, and sends no bookmark before it.
 *
 * @param options - of the watch in doubt; its selector is kept, since a role may allow nothing else.
 * @returns the fault of the question; undefined when the server has the version.
 * @see kubernetes/apiserver `pkg/storage/cacher/cache_watcher.go`, process
 */
export async function probeVersion(
  client: Pick<KubeClient, "listEach">,
  resource: ResourceDefinition,
  options: ListOptions,
): Promise<unknown> {
  const { fieldSelector = "" } = options;
  const isNamed = fieldSelector.includes("metadata.name=");
  try {
    await client.listEach(resource, {
      ...options,
      fieldSelector: isNamed ? fieldSelector : `${fieldSelector}${fieldSelector === "" ? "" : ","}${NOTHING}`,
      // With a page size it would be a list at exactly this version.
      limit: 0,
      retries: 0,
      onItem: () => {},
    });
    return undefined;
  } catch (error) {
    return error;
  }
}
