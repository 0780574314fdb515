import type { OutgoingHttpHeaders } from "node:http";
import { request } from "node:https";
import type { ClusterFixture } from "@kinglet/testing";

/** What a user of the API server sees. */
export interface ApiAnswer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of whatever they asked for
  readonly body: any;
  readonly warnings: readonly string[];
}

/** A Deployment of one container. */
export function deployment(
  name: string,
  privileged: boolean,
  annotations: Readonly<Record<string, string>> = {},
): object {
  const labels = { app: name };
  const container = {
    name: "app",
    image: "registry.example/app:1",
    ...(privileged ? { securityContext: { privileged } } : {}),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, annotations },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  };
}

/** A pod of one container. */
export function pod(
  name: string,
  { owner, privileged = false }: { readonly owner?: object; readonly privileged?: boolean } = {},
): object {
  const container = { name: "app", image: "registry.example/app:1", securityContext: { privileged } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...(owner === undefined ? {} : { ownerReferences: [owner] }) },
    spec: { nodeName: "node-a", containers: [container] },
  };
}

/** Asks the API server as its administrator, or as the user that headers tell it to impersonate. */
export function apiCall(
  cluster: Pick<ClusterFixture, "server" | "caPem" | "adminToken">,
  method: string,
  path: string,
  body: unknown,
  contentType: string,
  headers: OutgoingHttpHeaders = {},
): Promise<ApiAnswer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, cluster.server),
      {
        method,
        agent: false,
        ca: cluster.caPem,
        headers: {
          authorization: `Bearer ${cluster.adminToken}`,
          accept: "application/json",
          ...headers,
          ...(payload === undefined
            ? {}
            : { "content-type": contentType, "content-length": Buffer.byteLength(payload) }),
        },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("error", reject);
        answer.on("end", () => {
          const isJson = (answer.headers["content-type"] ?? "").includes("json");
          const warnings = [answer.headers["warning"] ?? []].flat();
          resolve({ status: answer.statusCode ?? 0, body: isJson ? (JSON.parse(text) as unknown) : text, warnings });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}
