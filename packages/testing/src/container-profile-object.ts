/** What a test cares about in a profile. */
export interface ContainerProfileInput {
  readonly name: string;
  /** @defaultValue `default` */
  readonly namespace?: string;
  /** Programs that may run: paths, or path with arguments. */
  readonly execs?: readonly (string | { readonly path: string; readonly args?: readonly string[] })[];
  /** @defaultValue `completed` */
  readonly status?: string;
  /** @defaultValue `complete` */
  readonly completion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** More members of `spec`. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A ContainerProfile as it is stored. */
export interface ContainerProfileObject {
  readonly apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1";
  readonly kind: "ContainerProfile";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Path of the profiles of a namespace at the API. */
export function containerProfilesPath(namespace: string): string {
  return `/apis/spdx.softwarecomposition.kubescape.io/v1beta1/namespaces/${namespace}/containerprofiles`;
}

/** Builds a completed profile of one container. */
export function containerProfileObject(input: ContainerProfileInput): ContainerProfileObject {
  const { name, namespace = "default", execs = [], status = "completed", completion = "complete" } = input;
  return {
    apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
    kind: "ContainerProfile",
    metadata: {
      name,
      namespace,
      annotations: {
        "kubescape.io/status": status,
        "kubescape.io/completion": completion,
        ...input.annotations,
      },
      ...(input.labels === undefined ? {} : { labels: input.labels }),
    },
    spec: {
      architectures: ["amd64"],
      capabilities: [],
      execs: execs.map((exec) =>
        typeof exec === "string" ? { path: exec, args: [exec] } : { path: exec.path, args: exec.args ?? [exec.path] },
      ),
      opens: [],
      syscalls: [],
      endpoints: [],
      ...input.spec,
    },
  };
}
