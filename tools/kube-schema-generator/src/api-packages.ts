import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The Kubernetes release that the tables describe, and the modules that its Go code is published in. */
export const KUBERNETES_VERSION = "v1.36.3";
const MODULE_VERSION = "v0.36.3";
const MODULES = ["api", "apimachinery", "apiextensions-apiserver", "kube-aggregator"];

/**
 * Packages that no server of this release serves any more, or that serve tests only: 15 % of the fields, and nobody could meet them.
 */
const LEFT_OUT = new Set([
  "api/extensions/v1beta1",
  "api/apps/v1beta1",
  "api/apps/v1beta2",
  "api/batch/v1beta1",
  "api/policy/v1beta1",
  "api/discovery/v1beta1",
  "api/events/v1beta1",
  "api/rbac/v1alpha1",
  "api/rbac/v1beta1",
  "api/node/v1alpha1",
  "api/node/v1beta1",
  "api/flowcontrol/v1beta1",
  "api/flowcontrol/v1beta2",
  "api/flowcontrol/v1beta3",
  "api/authentication/v1alpha1",
  "api/authentication/v1beta1",
  "api/authorization/v1beta1",
  "api/scheduling/v1beta1",
  "api/admission/v1beta1",
  "apimachinery/pkg/apis/testapigroup/v1",
  "apimachinery/pkg/runtime/schema",
  "apiextensions-apiserver/pkg/apis/apiextensions/v1beta1",
  "kube-aggregator/pkg/apis/apiregistration/v1beta1",
]);

/** One Go package that has a protobuf form. */
export interface ApiPackage {
  readonly proto: string;
  readonly goSources: readonly string[];
  /** `apps/v1`, `v1`; absent for packages that define parts only. */
  readonly apiVersion: string | undefined;
}

/** Where Go keeps downloaded modules, or `undefined` when the modules of this release are not there. */
export function findModuleCache(environment: NodeJS.ProcessEnv): string | undefined {
  const goPath = environment["GOPATH"] ?? join(environment["HOME"] ?? "/", "go");
  const folder = join(environment["GOMODCACHE"] ?? join(goPath, "pkg/mod"), "k8s.io");
  return MODULES.every((name) => existsSync(join(folder, `${name}@${MODULE_VERSION}`))) ? folder : undefined;
}

/** Reads the packages of the release, in the order of their paths. */
export function readApiPackages(moduleCache: string): readonly ApiPackage[] {
  const packages: ApiPackage[] = [];
  for (const name of MODULES) {
    const root = join(moduleCache, `${name}@${MODULE_VERSION}`);
    const paths = globSync("**/generated.proto", { cwd: root }).sort();
    for (const path of paths) {
      const folder = dirname(path);
      if (LEFT_OUT.has(`${name}/${folder}`)) continue;
      const sources = globSync("*.go", { cwd: join(root, folder) })
        .filter((file) => !/_test\.go$|^zz_generated|^generated\.pb|_swagger_doc_/.test(file))
        .sort();
      packages.push({
        proto: readFileSync(join(root, path), "utf8"),
        goSources: sources.map((file) => readFileSync(join(root, folder, file), "utf8")),
        apiVersion: readApiVersion(join(root, folder)),
      });
    }
  }
  return packages;
}

function readApiVersion(folder: string): string | undefined {
  const register = join(folder, "register.go");
  const group = existsSync(register)
    ? /GroupName\s*=\s*"([^"]*)"/.exec(readFileSync(register, "utf8"))?.[1]
    : undefined;
  if (group === undefined) return undefined;
  return group === "" ? basename(folder) : `${group}/${basename(folder)}`;
}
