import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildRealClusterBinaries } from "./build-binaries.ts";
import { isGoRecentEnough } from "./go-version.ts";

describe("isGoRecentEnough", () => {
  it("takes 1.26 and everything after it", () => {
    expect(
      ["go1.26", "go1.26.8\n", "go1.27rc1", "go2.0", "devel go1.28-abc"].filter(
        (version) => !isGoRecentEnough(version),
      ),
    ).toEqual([]);
    expect(["go1.25.9", "go1.3", "go0.99", ""].filter(isGoRecentEnough)).toEqual([]);
  });
});

describe("buildRealClusterBinaries", () => {
  it("fails with a code when there is no Go, or one that is too old", async () => {
    const folder = mkdtempSync(join(tmpdir(), "no go-"));
    try {
      const env = { PATH: folder, XDG_CACHE_HOME: join(folder, "cache") };
      await expect(buildRealClusterBinaries(env)).rejects.toMatchObject({
        code: "KINGLET_ERR_REAL_CLUSTER_GO_MISSING",
      });
      writeFileSync(join(folder, "go"), "#!/bin/sh\necho go1.25.3\n", { mode: 0o755 });
      await expect(buildRealClusterBinaries(env)).rejects.toMatchObject({
        code: "KINGLET_ERR_REAL_CLUSTER_GO_TOO_OLD",
        message: expect.stringContaining("go1.25.3") as string,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("leaves nothing in the cache when a build fails, and ends with what go said", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bad go-"));
    try {
      const script = '#!/bin/sh\nif [ "$1" = env ]; then echo go1.26.0; else echo "no such module" >&2; exit 3; fi\n';
      writeFileSync(join(folder, "go"), script, { mode: 0o755 });
      const env = { PATH: folder, XDG_CACHE_HOME: join(folder, "cache") };
      await expect(buildRealClusterBinaries(env)).rejects.toMatchObject({
        code: "KINGLET_ERR_REAL_CLUSTER_BUILD_FAILED",
        message: expect.stringMatching(/exit code 3.*\nno such module$/su) as string,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("publishes a complete build in one step and only looks at the second call", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fake go-"));
    try {
      // Stands in for the compiler: writes an executable to the argument after -o.
      const script =
        '#!/bin/sh\n[ "$1" = env ] && { echo go1.26.0; exit; }\nwhile [ "$1" != -o ]; do shift; done\n/bin/mkdir -p "${2%/*}" && echo "#!/bin/sh" > "$2" && /bin/chmod +x "$2"\n';
      writeFileSync(join(folder, "go"), script, { mode: 0o755 });
      const env = { PATH: folder, XDG_CACHE_HOME: join(folder, "cache") };
      const first = await buildRealClusterBinaries(env);
      rmSync(join(folder, "go"));
      const lines: string[] = [];
      expect(await buildRealClusterBinaries(env, { onProgress: (line) => lines.push(line) })).toEqual(first);
      expect(lines).toEqual([`already built: ${first.origin}`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
