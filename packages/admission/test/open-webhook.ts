import { readFileSync } from "node:fs";
import { request as httpsRequest, type Agent } from "node:https";
import { join } from "node:path";
import { ManualClock, systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { createMetrics, type MetricsRegistry } from "@kinglet/metrics";
import { encodeBundle, type BundleObject } from "@kinglet/policy-engine/bundle";
import { readWorkload } from "@kinglet/policy-engine/security-policy";
import { AdmissionDecider } from "../src/decision/admission-decider.ts";
import type { DecisionEnvironment } from "../src/decision/decision-environment.ts";
import type { Decision } from "../src/decision/decision.ts";
import { exemptNamespaces } from "../src/decision/exempt-namespaces.ts";
import { ReviewEndpoint, type ReviewDecider, type ReviewEndpointOptions } from "../src/server/review-endpoint.ts";
import { WebhookServer, type ServingCertificate } from "../src/server/webhook-server.ts";
import { PolicyStore } from "../src/settings/policy-store.ts";

const folder = join(import.meta.dirname, "certificates");

/** A file of the certificates folder. */
export function pem(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

export function servingCertificate(name: string): ServingCertificate {
  return { certificatePem: pem(`${name}.pem`), keyPem: pem(`${name}.key`) };
}

/** An answer as the client sees it. */
interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers
  readonly json: any;
}

/** A webhook on loopback with a client. */
export interface OpenWebhook extends AsyncDisposable {
  readonly server: WebhookServer;
  readonly endpoint: ReviewEndpoint;
  readonly metrics: MetricsRegistry;
  send(
    path: string,
    options?: {
      readonly method?: string;
      readonly body?: Buffer | string;
      readonly agent?: Agent | false;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<HttpAnswer>;
  /** The value of a series; 0 when it is not there. */
  metric(series: string): Promise<number>;
}

export async function openWebhook(
  decider: ReviewDecider,
  options: Partial<ReviewEndpointOptions> & { readonly maxConnections?: number } = {},
): Promise<OpenWebhook> {
  const clock = options.clock ?? systemClock;
  const metrics = (options.metrics as MetricsRegistry | undefined) ?? createMetrics();
  const endpoint = new ReviewEndpoint({
    decider,
    onTimeout: { validate: "allow", events: "allow" },
    timeoutMs: 10_000,
    maxBodyBytes: 7_340_032,
    maxBytesUnderWay: 100_000_000,
    maxReviews: 1000,
    clock,
    logger: noopLogger,
    metrics,
    ...options,
  });
  const server = await WebhookServer.open({
    bind: { host: "127.0.0.1", port: 0 },
    certificate: servingCertificate("server-one"),
    maxConnections: options.maxConnections ?? 100,
    clock,
    metrics,
    handle: (request, response) => endpoint.handle(request, response),
  });
  return {
    server,
    endpoint,
    metrics,
    send: (path, { method = "POST", body, agent = false, headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const request = httpsRequest(
          {
            host: "127.0.0.1",
            port: server.port,
            path,
            method,
            agent,
            headers: { "content-type": "application/json", ...headers },
            ca: `${pem("authority-a.pem")}${pem("authority-b.pem")}`,
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("error", reject);
            response.on("end", () => {
              const text = Buffer.concat(chunks).toString("utf8");
              const isJson = response.headers["content-type"] === "application/json";
              const json: unknown = isJson ? JSON.parse(text) : undefined;
              resolve({ status: response.statusCode ?? 0, text, headers: response.headers, json });
            });
          },
        );
        request.on("error", reject);
        request.end(body);
      }),
    async metric(series) {
      const { text } = await metrics.exposition();
      const line = text.split("\n").find((row) => row.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? "0");
    },
    async [Symbol.asyncDispose]() {
      endpoint[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A decider over real policies. */
export async function openDecider(
  policies: readonly BundleObject[],
  environment: Partial<Omit<DecisionEnvironment, "onTimeout">> = {},
  options: {
    readonly clock?: Clock;
    readonly onTimeout?: "allow" | "deny";
    readonly onDecision?: (decision: Decision) => void;
  } = {},
): Promise<{ readonly decider: AdmissionDecider; readonly store: PolicyStore }> {
  const clock = options.clock ?? new ManualClock();
  const metrics = createMetrics();
  const store = new PolicyStore({ clock, logger: noopLogger, metrics, copyPath: undefined, onChange: () => {} });
  const bundle = await encodeBundle({ policies, rules: [] });
  await store.offer("api", bundle, [bundle.bytes]);
  const decider = new AdmissionDecider({
    store,
    onTimeout: { validate: options.onTimeout ?? "allow", events: options.onTimeout ?? "allow" },
    metrics,
    onDecision: options.onDecision ?? (() => {}),
    environment: {
      bypass: {
        exempt: exemptNamespaces("kinglet", ["kube*", "openshift*", "!openshift-operators"]),
        operations: new Set(["CREATE", "UPDATE", "CONNECT"]),
        allowsBreakGlass: true,
      },
      defaultMode: "audit",
      workloads: { stored: async () => undefined, behindPod: async () => undefined },
      images: undefined,
      surroundings: () => ({}),
      isFollowed: () => false,
      readWorkload,
      ...environment,
    },
  });
  return { decider, store };
}
