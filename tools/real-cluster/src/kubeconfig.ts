/** @internal */
export interface KubeconfigContent {
  readonly server: string;
  readonly caPem: string;
  readonly userName: string;
  readonly token: string;
}

/** A kubeconfig with one context, as JSON, which is YAML too: every client reads it. @internal */
export function formatKubeconfig(content: KubeconfigContent): string {
  const name = "kinglet-real-cluster";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: content.server,
          "certificate-authority-data": Buffer.from(content.caPem).toString("base64"),
        },
      },
    ],
    users: [{ name: content.userName, user: { token: content.token } }],
    contexts: [{ name, context: { cluster: name, user: content.userName, namespace: "default" } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
