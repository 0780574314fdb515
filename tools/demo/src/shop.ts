/** A workload of the shop and the container of the recording that plays it. @internal */
export interface ShopWorkload {
  readonly name: string;
  /** Part of the shop it belongs to; each part has a namespace on the simulated cluster. */
  readonly part: "shop" | "operations";
  readonly containerName: string;
  readonly image: string;
  /** Name of the container in the recording. */
  readonly recordedAs: string;
  /** Programs that the recording executes and the profile leaves out on purpose. */
  readonly leftOut: readonly LeftOut[];
}

/** A program that is missing from a profile on purpose, so that its executions raise alerts. @internal */
export interface LeftOut {
  readonly binary: string;
  /** What it is about, for people. */
  readonly what: string;
}

/**
 * The shop: workloads played by containers of the recording.
 *
 * Everything that the recording does here really happened in a container; only the names are the shop's.
 *
 * @internal
 */
export const shop: readonly ShopWorkload[] = [
  {
    name: "storefront",
    part: "shop",
    containerName: "web",
    image: "registry.example/shop/storefront:2.4.1",
    recordedAs: "web",
    leftOut: [{ binary: "/bin/id", what: "asks who it is, after the container was started again" }],
  },
  {
    name: "catalog",
    part: "shop",
    containerName: "web",
    image: "registry.example/shop/catalog:1.9.0",
    recordedAs: "web2",
    leftOut: [
      { binary: "/tmp/busybox-new", what: "a program dropped into /tmp" },
      { binary: "/bin/su", what: "becomes another user" },
      { binary: "/dev/fd/4", what: "a program that exists in memory only" },
      { binary: "/bin/nc", what: "opens a raw connection" },
    ],
  },
  {
    name: "orders",
    part: "shop",
    containerName: "worker",
    image: "registry.example/shop/orders:3.0.2",
    recordedAs: "batch",
    leftOut: [],
  },
  {
    name: "admin-tools",
    part: "operations",
    containerName: "shell",
    image: "registry.example/shop/admin-tools:12",
    recordedAs: "tools",
    leftOut: [
      { binary: "/usr/bin/unshare", what: "makes namespaces of its own" },
      { binary: "/tmp/gone", what: "a program deleted while it runs" },
      { binary: "/dev/fd/4", what: "a program that exists in memory only" },
    ],
  },
  {
    name: "node-agent",
    part: "operations",
    containerName: "agent",
    image: "registry.example/shop/node-agent:0.7",
    recordedAs: "node-agent",
    leftOut: [],
  },
];
