import { openRealCluster } from "@kinglet-tools/real-cluster";
import { ManualClock } from "@kinglet/lifecycle";
import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKubeClient, loadClusterAccess, namespaces, type ClusterAccess, type KubeClient } from "../src/index.ts";
import { isSkipped, realTitle } from "./open-real-server.ts";

const CERTIFICATES = join(import.meta.dirname, "certificates");

/** Who the server takes the client for. */
async function whoAmI(client: KubeClient): Promise<{ username: string; groups: string[] }> {
  const review = (await client.request({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  })) as { status: { userInfo: { username: string; groups: string[] } } };
  return review.status.userInfo;
}

function kubeconfig(server: string, ca: string, user: object): object {
  return {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server, "certificate-authority": ca } }],
    users: [{ name: "u", user }],
  };
}

describe.skipIf(isSkipped)(realTitle("createTransport and credentials"), () => {
  it("logs in with certificates and tokens in files, and changes both without a restart [client T7] [client A2] [client A6]", async () => {
    await using cluster = await openRealCluster({
      apiServerFlags: [`--client-ca-file=${join(CERTIFICATES, "authority-a.pem")}`],
    });
    const dir = await mkdtemp(join(tmpdir(), "kinglet-real-credentials-"));
    const [ca, cert, key, token] = ["ca.pem", "cert.pem", "key.pem", "token"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
      string,
    ];
    await writeFile(ca, cluster.caPem);
    const clock = new ManualClock();
    const load = (user: object): Promise<ClusterAccess> =>
      loadClusterAccess({ kubeconfig: kubeconfig(cluster.server, ca, user), env: {}, clock });

    await copyFile(join(CERTIFICATES, "client-one.pem"), cert);
    await copyFile(join(CERTIFICATES, "client-one.key"), key);
    await using byCertificate = createKubeClient(await load({ "client-certificate": cert, "client-key": key }));
    expect(await whoAmI(byCertificate)).toMatchObject({
      username: "client-one",
      groups: ["group-1", "system:authenticated"],
    });
    await copyFile(join(CERTIFICATES, "client-two.pem"), cert);
    await copyFile(join(CERTIFICATES, "client-two.key"), key);
    await clock.advance(300_000);
    expect(await whoAmI(byCertificate)).toMatchObject({
      username: "client-two",
      groups: ["group-2", "system:authenticated"],
    });

    await writeFile(token, `${cluster.tokens.admin}\n`);
    await using byToken = createKubeClient(await load({ tokenFile: token }));
    const admin = await whoAmI(byToken);
    await writeFile(token, cluster.tokens.alice);
    await clock.advance(50_000);
    expect((await whoAmI(byToken)).username).not.toBe(admin.username);
    // A token that the server does not know is replaced as soon as a better one is there.
    await writeFile(token, "no such token");
    await clock.advance(50_000);
    await expect(whoAmI(byToken)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED" });
    await writeFile(token, cluster.tokens.admin);
    expect(await whoAmI(byToken)).toEqual(admin);

    const impersonate = { user: "jane", groups: ["a,b", "c"], extra: { "example.com/scope": ["x"] } };
    await using acting = createKubeClient({ ...(await load({ token: cluster.tokens.admin })), impersonate });
    expect(await whoAmI(acting)).toMatchObject({
      username: "jane",
      groups: ["a,b", "c", "system:authenticated"],
      extra: { "example.com/scope": ["x"] },
    });
  });

  it("answers every call although the server sends connections away and restarts [client W15] [client T2] [client E2]", async () => {
    await using cluster = await openRealCluster({ apiServerFlags: ["--goaway-chance=0.02"] });
    const { server, caPem } = cluster;
    await using client = createKubeClient({ server, caPem, token: cluster.tokens.admin, origin: "test" });
    for (let index = 0; index < 300; index++) {
      const name = `goaway-${index % 10}`;
      if (index < 10) await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
      else if (index % 2 === 0) await client.get(namespaces, name);
      else await client.patch(namespaces, name, { metadata: { labels: { index: String(index) } } }, { type: "merge" });
    }
    await Promise.all(Array.from({ length: 200 }, () => client.get(namespaces, "goaway-1")));
    await cluster.restartApiServer({ kill: true });
    expect(await client.get(namespaces, "goaway-1")).toMatchObject({ metadata: { name: "goaway-1" } });
  });
});
