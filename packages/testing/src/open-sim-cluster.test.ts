import { access, readFile, stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { apiRequest } from "./api-request.ts";
import { openSimCluster } from "./open-sim-cluster.ts";

describe("openSimCluster", () => {
  it("writes a private kubeconfig, survives a restart, and leaves nothing behind", async () => {
    let path = "";
    {
      await using cluster = await openSimCluster();
      path = cluster.kubeconfigPath;
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(JSON.parse(await readFile(path, "utf8")).clusters[0].cluster.server).toBe(cluster.server);
      await cluster.restart();
      expect((await apiRequest(cluster, "GET", "/readyz")).body).toBe("ok");
    }
    await expect(access(path)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
