import { openRealCluster } from "@kinglet-tools/real-cluster";
import { ManualClock } from "@kinglet/lifecycle";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKubeClient, loadClusterAccess } from "../src/index.ts";
import { describeCredentials } from "./describe-credentials.ts";
import { isSkipped, openRealServer, realTitle } from "./open-real-server.ts";
import { whoAmI } from "./who-am-i.ts";

const CERTIFICATES = join(import.meta.dirname, "certificates");

describe.skipIf(isSkipped)(realTitle("Credentials"), () => {
  describeCredentials("on the real API server", () => openRealServer());

  // The simulator knows users by tokens alone.
  it("logs in with certificates in files, and changes them without a restart [client T7]", async () => {
    await using stack = new AsyncDisposableStack();
    const cluster = stack.use(
      await openRealCluster({ apiServerFlags: [`--client-ca-file=${join(CERTIFICATES, "authority-a.pem")}`] }),
    );
    const folder = await mkdtemp(join(tmpdir(), "kinglet-real-credentials-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const place = async (name: string): Promise<void> => {
      await copyFile(join(CERTIFICATES, `${name}.pem`), cert);
      await copyFile(join(CERTIFICATES, `${name}.key`), key);
    };
    await writeFile(ca, cluster.caPem);
    await place("client-one");
    const clock = new ManualClock();
    const kubeconfig = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: cluster.server, "certificate-authority": ca } }],
      users: [{ name: "u", user: { "client-certificate": cert, "client-key": key } }],
    };
    const client = stack.use(createKubeClient(await loadClusterAccess({ kubeconfig, env: {}, clock })));
    expect(await whoAmI(client)).toMatchObject({ username: "client-one", groups: ["group-1", "system:authenticated"] });
    await place("client-two");
    await clock.advance(300_000);
    expect(await whoAmI(client)).toMatchObject({ username: "client-two", groups: ["group-2", "system:authenticated"] });
  });
});
