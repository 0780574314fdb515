import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClusterAvailability } from "./availability.ts";
import { cacheFolder } from "./cache-folder.ts";
import { findRealClusterBinaries } from "./find-binaries.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "find binaries-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function place(where: string, names: readonly string[], mode = 0o755): string {
  mkdirSync(where, { recursive: true });
  for (const name of names) writeFileSync(join(where, name), "#!/bin/sh\n", { mode });
  return where;
}

const ALL = ["etcd", "kube-apiserver", "kube-controller-manager"];

describe("findRealClusterBinaries", () => {
  it("finds nothing where nothing is built or named", () => {
    expect(findRealClusterBinaries({ XDG_CACHE_HOME: folder })).toBeUndefined();
  });

  it("finds a build in the cache", () => {
    const env = { XDG_CACHE_HOME: folder };
    const cache = place(cacheFolder(env), ALL);
    expect(findRealClusterBinaries(env)).toEqual({
      etcd: join(cache, "etcd"),
      kubeApiserver: join(cache, "kube-apiserver"),
      kubeControllerManager: join(cache, "kube-controller-manager"),
      origin: cache,
    });
  });

  it("does not take an incomplete cache", () => {
    const env = { XDG_CACHE_HOME: folder };
    place(cacheFolder(env), ["etcd", "kube-apiserver"]);
    expect(findRealClusterBinaries(env)).toBeUndefined();
  });

  it("takes KUBEBUILDER_ASSETS before the cache, also without controllers", () => {
    const env = {
      XDG_CACHE_HOME: folder,
      KUBEBUILDER_ASSETS: place(join(folder, "assets"), ["etcd", "kube-apiserver"]),
    };
    place(cacheFolder(env), ALL);
    const found = findRealClusterBinaries(env);
    expect(found?.etcd).toBe(join(folder, "assets", "etcd"));
    expect(found?.kubeControllerManager).toBeUndefined();
  });

  it("takes the programs that TEST_ASSET_* name before everything else", () => {
    const named = place(join(folder, "named"), ["my-etcd", "my-api", "my-controllers"]);
    const env = {
      XDG_CACHE_HOME: folder,
      KUBEBUILDER_ASSETS: place(join(folder, "assets"), ALL),
      TEST_ASSET_ETCD: join(named, "my-etcd"),
      TEST_ASSET_KUBE_APISERVER: join(named, "my-api"),
      TEST_ASSET_KUBE_CONTROLLER_MANAGER: join(named, "my-controllers"),
    };
    expect(findRealClusterBinaries(env)?.kubeApiserver).toBe(join(named, "my-api"));
    expect(findRealClusterBinaries(env)?.kubeControllerManager).toBe(join(named, "my-controllers"));
  });

  it("passes over a file that cannot be executed and over a folder of the same name", () => {
    expect(
      findRealClusterBinaries({ XDG_CACHE_HOME: folder, KUBEBUILDER_ASSETS: place(join(folder, "a"), ALL, 0o644) }),
    ).toBeUndefined();
    mkdirSync(join(folder, "b", "etcd"), { recursive: true });
    expect(
      findRealClusterBinaries({
        XDG_CACHE_HOME: folder,
        KUBEBUILDER_ASSETS: place(join(folder, "b"), ["kube-apiserver"]),
      }),
    ).toBeUndefined();
  });
});

describe("realClusterAvailability", () => {
  it("gives a reason to skip, and says when skipping is not allowed", () => {
    const none = realClusterAvailability({ XDG_CACHE_HOME: folder });
    expect(none).toMatchObject({ source: "none", isRequired: false });
    expect(none.skipReason).toContain("pnpm real-cluster build");
    expect(realClusterAvailability({ XDG_CACHE_HOME: folder, KINGLET_REQUIRE: "image,real-cluster" }).isRequired).toBe(
      true,
    );
    expect(
      realClusterAvailability({ XDG_CACHE_HOME: folder, KINGLET_REQUIRE: "image,real-cluster-2" }).isRequired,
    ).toBe(false);
  });

  it("prefers an existing cluster that is asked for over built programs", () => {
    const env = { XDG_CACHE_HOME: folder, USE_EXISTING_CLUSTER: "true" };
    place(cacheFolder(env), ALL);
    expect(realClusterAvailability(env)).toMatchObject({ source: "existing", skipReason: "" });
    expect(realClusterAvailability({ ...env, USE_EXISTING_CLUSTER: "false" })).toMatchObject({ source: "binaries" });
  });
});
