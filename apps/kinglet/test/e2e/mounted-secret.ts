import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor, type ClusterFixture } from "@kinglet/testing";
import { apiCall } from "./admission-requests.ts";

/** How often a change is looked for, milliseconds; a kubelet takes a minute. */
const intervalMs = 200;

/** The content of a Secret as files, brought up to date in one step as a kubelet does it: a folder for each state and a link that is moved. */
export class MountedSecret implements AsyncDisposable {
  readonly #cluster: ClusterFixture;
  readonly #path: string;
  readonly #folders: readonly string[];
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #version = "";
  #states = 0;

  private constructor(cluster: ClusterFixture, path: string, folders: readonly string[]) {
    this.#cluster = cluster;
    this.#path = path;
    this.#folders = folders;
  }

  /** Waits for the Secret; its files are in every folder then, and follow it. */
  static async open(cluster: ClusterFixture, path: string, folders: readonly string[]): Promise<MountedSecret> {
    const mounted = new MountedSecret(cluster, path, folders);
    await waitFor(() => mounted.#bring(), { timeoutMs: 30_000, describe: path });
    mounted.#following = mounted.#follow();
    return mounted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await delay(intervalMs);
      // The API server may be away.
      await this.#bring().catch(() => false);
    }
  }

  async #bring(): Promise<boolean> {
    const { status, body } = await apiCall(this.#cluster, "GET", this.#path, undefined, "");
    if (status !== 200) return false;
    const { metadata, data } = body as { metadata: { resourceVersion: string }; data: Record<string, string> };
    if (metadata.resourceVersion === this.#version) return true;
    this.#version = metadata.resourceVersion;
    this.#states += 1;
    for (const folder of this.#folders) await project(folder, data, this.#states);
    return true;
  }
}

async function project(folder: string, data: Readonly<Record<string, string>>, state: number): Promise<void> {
  const name = `..state-${String(state)}`;
  await mkdir(join(folder, name), { recursive: true });
  for (const [key, value] of Object.entries(data)) {
    await writeFile(join(folder, name, key), Buffer.from(value, "base64"));
  }
  await symlink(name, join(folder, "..data_new"));
  await rename(join(folder, "..data_new"), join(folder, "..data"));
  if (state === 1) for (const key of Object.keys(data)) await symlink(join("..data", key), join(folder, key));
  else await rm(join(folder, `..state-${String(state - 1)}`), { recursive: true });
}
