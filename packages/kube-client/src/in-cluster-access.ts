import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { join } from "node:path";
import type { ClusterAccess } from "./cluster-access.ts";
import { kubeClientErrors } from "./errors.ts";
import { MAX_PEM_BYTES, readBoundedFile } from "./read-bounded-file.ts";
import { createTlsFiles } from "./tls-files.ts";
import { createTokenFile } from "./token-source.ts";

/**
 * Access of a pod to its own cluster through its service account: always https, the token is read again while it is used.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when the CA cannot be read, KINGLET_ERR_KUBE_CLIENT_CREDENTIALS when the token cannot.
 */
export async function loadInClusterAccess(options: {
  readonly host: string;
  readonly port: string;
  readonly serviceAccountDir: string;
  readonly clock: Clock;
}): Promise<ClusterAccess> {
  const { host, port, serviceAccountDir, clock } = options;
  const caFile = join(serviceAccountDir, "ca.crt");
  const token = createTokenFile(join(serviceAccountDir, "token"), { clock });
  // All three at a time: each takes four turns of the thread pool, and a start waits for them.
  const readingToken = token.token();
  // A CA that cannot be read is told first; the token's fault is told below.
  readingToken.catch(() => {});
  // Only tells the default namespace: a pod without the file works.
  const readingNamespace = readBoundedFile(join(serviceAccountDir, "namespace"), 1024).then(
    (text) => text.trim(),
    () => "",
  );
  const caPem = await readBoundedFile(caFile, MAX_PEM_BYTES).catch((error: unknown) => {
    throw createError(
      kubeClientErrors,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      {
        file: caFile,
        problem: `the cluster's CA cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      },
      { cause: error },
    );
  });
  await readingToken;
  const namespace = await readingNamespace;
  return {
    server: `https://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port === "" ? "443" : port}`,
    caPem,
    tlsSource: createTlsFiles({ caPem: caFile }, { caPem }, clock),
    token,
    ...(namespace === "" ? {} : { namespace }),
    origin: "in-cluster",
  };
}
