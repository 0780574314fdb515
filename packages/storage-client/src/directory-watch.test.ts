import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { waitFor } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DirectoryProfileStore } from "./directory-profile-store.ts";
import { nodeFileOperations, type FileOperations } from "./file-operations.ts";

/** The real file system, except that the test says what the kernel tells. */
class ScriptedKernel {
  readonly #watches = new Map<
    string,
    { readonly onName: (name: string | null) => void; readonly onError: (error: unknown) => void }
  >();
  canWatch = true;

  readonly files: FileOperations = {
    ...nodeFileOperations,
    watch: (path, onName, onError) => {
      if (!this.canWatch) throw new Error("no more watches");
      this.#watches.set(path, { onName, onError });
      return () => this.#watches.delete(path);
    },
  };

  get watched(): readonly string[] {
    return [...this.#watches.keys()].toSorted();
  }

  tell(path: string, name: string | null): void {
    this.#watches.get(path)?.onName(name);
  }

  fail(path: string): void {
    const watch = this.#watches.get(path);
    this.#watches.delete(path);
    watch?.onError(new Error("watch failed"));
  }
}

describe("watchMetadata of a directory", () => {
  let path: string;
  let kernel: ScriptedKernel;
  let clock: ManualClock;
  let told: string[];
  let stop: AbortController;
  let watching: Promise<void>;

  const write = (place: string, path_ = "/bin/sh"): Promise<void> =>
    writeFile(
      join(path, `${place}.json`),
      JSON.stringify({ metadata: { name: basename(place) }, spec: { execs: [{ path: path_ }] } }),
    );
  const heard = async (...expected: readonly string[]): Promise<void> => {
    await waitFor(() => told.length >= expected.length, { describe: () => `${expected.join()}, got ${told.join()}` });
    expect(told.splice(0)).toEqual(expected);
  };
  const start = (): void => {
    const context = { path, maxBytes: 10_000, callTimeoutMs: 5_000, clock, logger: noopLogger, random: () => 0 };
    const store = new DirectoryProfileStore({ ...context, files: kernel.files });
    watching = store.watchMetadata(
      {
        changed: ({ type, kind, namespace, name }) => told.push(`${type} ${kind} ${namespace}/${name}`),
        synced: () => told.push("synced"),
        lost: () => told.push("lost"),
      },
      { signal: stop.signal },
    );
  };

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "kinglet watch "));
    kernel = new ScriptedKernel();
    clock = new ManualClock();
    told = [];
    stop = new AbortController();
    await mkdir(join(path, "shop"));
    await write("shop/web");
  });

  afterEach(async () => {
    stop.abort();
    await watching;
    expect(kernel.watched).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    await rm(path, { recursive: true, force: true });
  });

  it("looks only at what the kernel names, and tells only what changed", async () => {
    start();
    await heard("added ContainerProfile shop/web", "synced");
    kernel.tell(join(path, "shop"), "web.json");
    await write("shop/db");
    await write("shop/unnamed");
    kernel.tell(join(path, "shop"), "db.json");
    await heard("added ContainerProfile shop/db");
    // The same size, and the times of a file may be too coarse to show it.
    await write("shop/web", "/bin/ls");
    kernel.tell(join(path, "shop"), "web.json");
    await heard("modified ContainerProfile shop/web");
    await rm(join(path, "shop/web.json"));
    kernel.tell(join(path, "shop"), "web.json");
    await heard("deleted ContainerProfile shop/web");
    kernel.tell(join(path, "shop"), null);
    await heard("added ContainerProfile shop/unnamed");
  });

  it("finds namespaces and folders of kinds as they come and go", async () => {
    start();
    await heard("added ContainerProfile shop/web", "synced");
    await mkdir(join(path, "bank/applicationprofiles"), { recursive: true });
    await write("bank/applicationprofiles/web");
    await mkdir(join(path, "Not A Namespace"));
    await symlink(join(path, "shop"), join(path, "link"));
    for (const name of ["bank", "Not A Namespace", "link"]) kernel.tell(path, name);
    await heard("added ApplicationProfile bank/web");
    expect(kernel.watched).toEqual([
      path,
      join(path, "bank"),
      join(path, "bank/applicationprofiles"),
      join(path, "shop"),
    ]);
    await mkdir(join(path, "shop/networkneighborhoods"));
    await write("shop/networkneighborhoods/web");
    kernel.tell(join(path, "shop"), "networkneighborhoods");
    await heard("added NetworkNeighborhood shop/web");
    await rm(join(path, "shop"), { recursive: true });
    kernel.tell(path, "shop");
    await heard("deleted ContainerProfile shop/web", "deleted NetworkNeighborhood shop/web");
    expect(kernel.watched).toEqual([path, join(path, "bank"), join(path, "bank/applicationprofiles")]);
  });

  it("finds within five minutes what the kernel did not tell [store watch]", async () => {
    start();
    await heard("added ContainerProfile shop/web", "synced");
    await write("shop/db");
    await clock.advance(300_000);
    await heard("added ContainerProfile shop/db");
  });

  it("says that it is lost while the kernel cannot watch, and looks each minute [store watch]", async () => {
    start();
    await heard("added ContainerProfile shop/web", "synced");
    kernel.canWatch = false;
    kernel.fail(join(path, "shop"));
    await heard("lost");
    await write("shop/db");
    await waitFor(() => clock.advance(60_000).then(() => told.length > 0), { describe: "a look" });
    await heard("added ContainerProfile shop/db");
    kernel.canWatch = true;
    await waitFor(() => clock.advance(60_000).then(() => told.length > 0), { describe: "a watch" });
    await heard("synced");
  });

  it("tells no deletion while the whole directory is away", async () => {
    start();
    await heard("added ContainerProfile shop/web", "synced");
    await rename(path, `${path}.away`);
    kernel.tell(path, basename(path));
    await heard("lost");
    await rename(`${path}.away`, path);
    await waitFor(() => clock.advance(60_000).then(() => told.length > 0), { describe: "the directory to be found" });
    await heard("synced");
    expect(kernel.watched).toEqual([path, join(path, "shop")]);
    await rm(join(path, "shop/web.json"));
    kernel.tell(join(path, "shop"), "web.json");
    await heard("deleted ContainerProfile shop/web");
  });
});
