import type { KubeClient } from "@kinglet/kube-client";

/** A cluster that the demo works in, and what the sensor needs to work in it too. @internal */
export interface DemoCluster {
  readonly kind: "simulated" | "existing";
  /** For people: where it is. */
  readonly title: string;
  readonly client: KubeClient;
  readonly clusterName: string;
  readonly nodeName: string;
  /** Where each part of the shop goes; both may be the same. */
  readonly namespaces: { readonly shop: string; readonly operations: string };
  /** True when the demo may create controllers and a node beside the pods. */
  readonly hasControllers: boolean;
  /** Kubeconfig for the sensor; undefined: it finds the same one through its environment. */
  readonly kubeconfigPath: string | undefined;
}
