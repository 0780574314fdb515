import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatKubeconfig } from "./kubeconfig.ts";
import { openExistingCluster } from "./open-existing-cluster.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "existing cluster-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("openExistingCluster", () => {
  it("reads the current context of a kubeconfig and cannot restart anything", async () => {
    const path = join(folder, "config.json");
    writeFileSync(
      path,
      formatKubeconfig({ server: "https://10.0.0.1:6443", caPem: "PEM\n", userName: "root", token: "t" }),
    );
    const cluster = await openExistingCluster({ KUBECONFIG: `:${path}:/nowhere` });
    expect(cluster).toMatchObject({
      canRestart: false,
      server: "https://10.0.0.1:6443",
      caPem: "PEM\n",
      tokens: { admin: "t" },
      kubeconfigPath: path,
    });
    expect(await cluster.kubeconfigFor("admin")).toBe(path);
    await expect(cluster.kubeconfigFor("alice")).rejects.toMatchObject({
      code: "KINGLET_ERR_REAL_CLUSTER_EXISTING_CONFIG",
    });
    expect(existsSync(cluster.caFile)).toBe(true);
    await cluster.stop();
    await cluster.stop();
    expect(existsSync(cluster.caFile)).toBe(false);
    expect(existsSync(path)).toBe(true);
  });

  it("reads YAML with files beside it and without a token", async () => {
    writeFileSync(join(folder, "ca.pem"), "CA\n");
    writeFileSync(
      join(folder, "config"),
      "apiVersion: v1\nkind: Config\ncurrent-context: b\nclusters:\n- name: c\n  cluster: {server: 'https://h:1', certificate-authority: ca.pem}\ncontexts:\n- {name: a, context: {cluster: x, user: u}}\n- {name: b, context: {cluster: c, user: u}}\nusers:\n- {name: u, user: {client-certificate: u.pem}}\n",
    );
    await using cluster = await openExistingCluster({ KUBECONFIG: join(folder, "config") });
    expect(cluster).toMatchObject({ server: "https://h:1", caPem: "CA\n", tokens: {} });
  });

  it("names the file that is missing, broken or without a current context", async () => {
    const path = join(folder, "broken");
    const code = "KINGLET_ERR_REAL_CLUSTER_EXISTING_CONFIG";
    await expect(openExistingCluster({ KUBECONFIG: path })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(path) as string,
    });
    writeFileSync(path, "{not json");
    await expect(openExistingCluster({ KUBECONFIG: path })).rejects.toMatchObject({ code });
    writeFileSync(path, '{"clusters": []}');
    await expect(openExistingCluster({ KUBECONFIG: path })).rejects.toMatchObject({ code });
  });
});
