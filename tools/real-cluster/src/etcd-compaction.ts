import { request } from "node:http";
import { RealClusterError } from "./errors.ts";

/** Where API servers tell each other how far they have compacted: "compact_rev_key" in base64. */
const COMPACT_REVISION_KEY = "Y29tcGFjdF9yZXZfa2V5";

/**
 * Compacts etcd at its current revision, over its JSON gateway, and leaves the same note that an API server leaves that does
 * so by its timer. Without the note the others go on serving old lists from the snapshots in their watch caches.
 *
 * @see k8s.io/apiserver/pkg/storage/etcd3/compact.go and ../cacher/compactor.go at v0.36.3
 * @throws RealClusterError `…_STOPPED` when etcd does not answer, or answers with anything but success.
 * @internal
 */
export async function compactEtcd(etcdUrl: string): Promise<void> {
  // Any range answer carries the current revision in its header; "AA==" is the key of one zero byte.
  const range = (await post(`${etcdUrl}/v3/kv/range`, { key: "AA==", limit: "1" })) as {
    header?: { revision?: string };
  };
  const revision = range.header?.revision;
  if (revision === undefined)
    throw new RealClusterError("KINGLET_ERR_REAL_CLUSTER_STOPPED", `etcd at ${etcdUrl} named no revision`);
  await post(`${etcdUrl}/v3/kv/put`, { key: COMPACT_REVISION_KEY, value: Buffer.from(revision).toString("base64") });
  await post(`${etcdUrl}/v3/kv/compaction`, { revision, physical: true });
}

async function post(url: string, body: unknown): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const call = request(
    url,
    { method: "POST", agent: false, timeout: 10_000, headers: { "content-type": "application/json" } },
    (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        // Already compacted at this very revision: what was asked for holds.
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else if (text.includes("has been compacted")) resolve({});
        else
          reject(
            new RealClusterError(
              "KINGLET_ERR_REAL_CLUSTER_STOPPED",
              `etcd answered ${response.statusCode} to ${url}: ${text.slice(0, 200)}`,
            ),
          );
      });
    },
  );
  call.on("timeout", () => call.destroy(new Error("no answer within 10 s")));
  call.on("error", (cause) =>
    reject(new RealClusterError("KINGLET_ERR_REAL_CLUSTER_STOPPED", `etcd did not answer at ${url}`, { cause })),
  );
  call.end(JSON.stringify(body));
  return promise;
}
