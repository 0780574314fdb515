import { ManualClock } from "@kinglet/lifecycle";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKubeClient, loadClusterAccess, namespaces, type ClusterAccess } from "../src/index.ts";
import type { InformerServer } from "./describe-informer.ts";
import { whoAmI } from "./who-am-i.ts";

/** How clients log in and whom they trust, on any API server. */
export function describeCredentials(
  title: string,
  openServer: () => Promise<InformerServer & { readonly otherToken: string }>,
): void {
  describe(title, () => {
    let server: InformerServer & { readonly otherToken: string };
    let folder: string;

    beforeAll(async () => {
      server = await openServer();
      folder = await mkdtemp(join(tmpdir(), "kinglet-credentials-"));
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** Access by way of files in the folder. */
    function load(clock: ManualClock, user: object): Promise<ClusterAccess> {
      const kubeconfig = {
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        clusters: [
          { name: "c", cluster: { server: server.access.server, "certificate-authority": join(folder, "ca") } },
        ],
        users: [{ name: "u", user }],
      };
      return loadClusterAccess({ kubeconfig, env: {}, clock });
    }

    it("takes a token from its file when it is old, and at once when the server refuses it [client A2]", async () => {
      const token = join(folder, "token");
      const adminToken = server.access.token;
      await Promise.all([writeFile(join(folder, "ca"), server.access.caPem), writeFile(token, `${adminToken}\n`)]);
      const clock = new ManualClock();
      await using client = createKubeClient(await load(clock, { tokenFile: token }));
      const admin = await whoAmI(client);
      await writeFile(token, server.otherToken);
      expect(await whoAmI(client)).toEqual(admin);
      await clock.advance(50_000);
      expect((await whoAmI(client)).username).toBe("alice");
      await writeFile(token, "no such token");
      await clock.advance(50_000);
      await expect(whoAmI(client)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED" });
      await writeFile(token, adminToken);
      expect(await whoAmI(client)).toEqual(admin);
    });

    it("acts as somebody else [client A6]", async () => {
      const impersonate = { user: "jane", groups: ["a,b", "c"], extra: { "example.com/scope": ["x"] } };
      await using client = createKubeClient({ ...server.access, impersonate });
      expect(await whoAmI(client)).toMatchObject({
        username: "jane",
        groups: ["a,b", "c", "system:authenticated"],
        extra: { "example.com/scope": ["x"] },
      });
    });

    it("trusts another authority as soon as its file says so, and nobody before [client T7]", async () => {
      const ca = join(folder, "ca");
      await writeFile(ca, server.access.caPem);
      const clock = new ManualClock();
      await using client = createKubeClient(await load(clock, { token: server.access.token }), { retries: 0 });
      await client.list(namespaces);
      const caPem = await server.swapAuthority();
      await expect(client.list(namespaces)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
      await writeFile(ca, caPem);
      expect((await client.list(namespaces)).count).toBeGreaterThan(0);
    });
  });
}
