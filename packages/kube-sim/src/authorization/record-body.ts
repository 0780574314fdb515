import { loadFieldManager } from "../apply/lazy.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import type { SubresourceCall } from "../resources/served-resource.ts";

/** A body that is stored nowhere has owners of its fields all the same, in place. */
export async function recordBody(
  call: SubresourceCall,
  resource: SimResource,
  subresource: string,
  body: KubeObject,
): Promise<void> {
  const { recordFields } = await loadFieldManager();
  recordFields({
    resource,
    subresource,
    before: undefined,
    after: body,
    manager: call.request.fieldManager ?? "kube-sim",
    operation: "Update",
    time: new Date(call.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
  });
}
