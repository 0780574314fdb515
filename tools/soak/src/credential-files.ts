import { loadClusterAccess, type ClusterAccess } from "@kinglet/kube-client";
import type { Clock } from "@kinglet/lifecycle";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the client under test trusts and proves itself with: files that change under it, as those that a kubelet mounts. */
export class CredentialFiles implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<CredentialFiles> {
    return new CredentialFiles(await mkdtemp(join(tmpdir(), "kinglet-soak-")));
  }

  writeToken(token: string): Promise<void> {
    return this.#swap("token", token);
  }

  writeAuthority(pem: string): Promise<void> {
    return this.#swap("ca.crt", pem);
  }

  /** @param clock - by which the files grow old. */
  access(server: string, clock: Clock): Promise<ClusterAccess> {
    const named = { name: "soak", context: { cluster: "soak", user: "soak" } };
    const cluster = { server, "certificate-authority": join(this.#folder, "ca.crt") };
    const kubeconfig = {
      "current-context": "soak",
      contexts: [named],
      clusters: [{ name: "soak", cluster }],
      users: [{ name: "soak", user: { tokenFile: join(this.#folder, "token") } }],
    };
    return loadClusterAccess({ kubeconfig, env: {}, clock });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  /** In one step: nobody reads half a file. */
  async #swap(name: string, text: string): Promise<void> {
    const path = join(this.#folder, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}
