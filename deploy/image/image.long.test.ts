import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImage, findSources, type BuiltImage } from "./build-image.ts";
import { imageSkipReason, isImageRequired } from "./image-tools.ts";

const skipReason = imageSkipReason(process.env);

describe("image programs", () => {
  it.runIf(isImageRequired(process.env))("are there because KINGLET_REQUIRE names image", () => {
    expect(skipReason).toBeUndefined();
  });
});

describe.skipIf(skipReason !== undefined)(`image${skipReason === undefined ? "" : ` (${skipReason})`}`, () => {
  // A store of its own: what the test builds disappears with the folder, and no store of the user is touched.
  let folder = "";
  let storage: readonly string[] = [];
  const name = "localhost/kinglet-test:latest";
  let image: BuiltImage;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kinglet-image-test-"));
    storage = ["--storage-driver=vfs", `--root=${join(folder, "root")}`, `--runroot=${join(folder, "run")}`];
    image = buildImage(process.env, { name, storage });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const podman = (...args: string[]): string =>
    execFileSync("podman", [...storage, "--runtime=runc", "--cgroup-manager=cgroupfs", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const run = (...command: string[]): string => podman("run", "--rm", ...LIMITS, name, ...command);

  it("is the same at a second build", () => {
    expect(buildImage(process.env, { name, storage }).id).toBe(image.id);
  });

  it("holds the program, its libraries, certificates and papers, and nothing else", () => {
    const files = imageFiles(podman, name);
    expect(files).toContain("usr/bin/kinglet");
    expect(files).toContain("etc/ssl/certs/ca-certificates.crt");
    for (const paper of ["LICENSE", "THIRD-PARTY-NOTICES", "sbom.spdx.json"])
      expect(files).toContain(`usr/share/doc/kinglet/${paper}`);
    for (const library of image.libraries) expect(files).toContain(library.slice(1));
    const known = [
      /^usr\/bin\/[a-z-]+$/u,
      /^usr\/share\/doc\/[^/]+\/copyright$/u,
      /^usr\/share\/doc\/kinglet\//u,
      /^etc\//u,
    ];
    const libraries = new Set(image.libraries.map((path) => path.slice(1)));
    // Mount points that podman makes in every container before it is exported.
    const mounts = /^(?:proc|sys|dev|run|var)\b/u;
    expect(
      files.filter(
        (file) => !libraries.has(file) && !mounts.test(file) && !known.some((pattern) => pattern.test(file)),
      ),
    ).toEqual([]);
  });

  it("is hardly larger than its executable", () => {
    expect(image.bytes - statSync(findSources().executable).size).toBeLessThan(12e6);
  });

  it("runs without privileges and lists its applets", () => {
    const [config] = JSON.parse(podman("image", "inspect", name)) as [
      { Config: { User: string; Labels: Record<string, string> } },
    ];
    expect(config.Config.User).toBe("65532:65532");
    expect(config.Config.Labels["org.opencontainers.image.version"]).toMatch(/^\d+\.\d+\.\d+/u);
    expect(run().trim().split("\n")).toEqual(image.applets);
    expect(run("kinglet", "--version")).toContain(config.Config.Labels["org.opencontainers.image.version"]);
  });

  it("runs each applet under its name, also with a root file system that is read-only", () => {
    for (const applet of image.applets) expect(run(applet, "--help")).toContain(applet);
    expect(podman("run", "--rm", "--read-only", "--cap-drop=all", ...LIMITS, name, "sensor", "--help")).toContain(
      "sensor",
    );
  });
});

/** As small as the product promises, and with limits that a container without systemd can set. */
const LIMITS: readonly string[] = [
  "--network=host",
  "--memory=96m",
  "--ulimit=nofile=1024:1024",
  "--ulimit=nproc=1000:1000",
];

function imageFiles(podman: (...args: string[]) => string, name: string): string[] {
  const id = podman("create", name).trim();
  try {
    const mount = podman("mount", id).trim();
    const entries = execFileSync("find", [mount, "!", "-type", "d", "-printf", "%P\n"], { encoding: "utf8" });
    return entries.trim().split("\n");
  } finally {
    podman("rm", "--force", id);
  }
}
