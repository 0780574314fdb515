/**
 * Versions that go.mod names, and the linker flags that stamp them into the programs.
 *
 * @internal
 */
export interface ModuleVersions {
  /** With the leading `v`, for example `v1.36.3`. */
  readonly kubernetes: string;
  readonly etcd: string;
}

/** Reads the two versions from the text of go.mod. @throws Error when one is missing, which is a fault of this repository. @internal */
export function parseModuleVersions(goMod: string): ModuleVersions {
  return {
    kubernetes: requiredVersion(goMod, "k8s.io/kubernetes"),
    etcd: requiredVersion(goMod, "go.etcd.io/etcd/server/v3"),
  };
}

/**
 * The value of `-ldflags`. Without the stamps `/version` says v0.0.0, and kubectl and Helm act on it. The build date is a
 * constant so that two builds are alike.
 *
 * @internal
 */
export function linkerFlags(versions: ModuleVersions): string {
  const [major = "", minor = ""] = versions.kubernetes.slice(1).split(".");
  const stamp = { gitVersion: versions.kubernetes, gitMajor: major, gitMinor: minor };
  const component = { ...stamp, gitTreeState: "clean", buildDate: "1970-01-01T00:00:00Z" };
  return [
    "-s",
    "-w",
    ...stamps("k8s.io/component-base/version", component),
    ...stamps("k8s.io/client-go/pkg/version", stamp),
  ].join(" ");
}

function stamps(packagePath: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `-X ${packagePath}.${name}=${value}`);
}

function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const [first, second, third] = line.trim().split(/\s+/u);
    const [name, version] = first === "require" ? [second, third] : [first, second];
    if (name === module && version?.startsWith("v") === true) return version;
  }
  throw new Error(`go.mod requires no version of ${module}`);
}
