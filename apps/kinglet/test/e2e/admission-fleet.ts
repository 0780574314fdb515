import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { loadX509Issuer } from "@kinglet/policy-controller";
import type { BundleObject } from "@kinglet/policy-engine/bundle";
import { installCrds, openTempDir, waitFor, type ClusterFixture } from "@kinglet/testing";
import { apiCall, type ApiAnswer } from "./admission-requests.ts";
import { ControllerProcess } from "./controller-process.ts";
import { MountedSecret } from "./mounted-secret.ts";
import { ServiceFront } from "./service-front.ts";
import { WebhookProcess } from "./webhook-process.ts";

/** Name that the certificate is for, as API servers check it. */
export const serverName = "kinglet-admission-controller.kinglet.svc";
export const secretsPath = "/api/v1/namespaces/kinglet/secrets";
export const policiesPath = "/apis/config.stackrox.io/v1alpha1/namespaces/kinglet/securitypolicies";
export const configurationPath =
  "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/kinglet-admission";
const replicaCount = 2;
/** How long a new authority is trusted before it signs, and an old one after, seconds. */
const overlapSeconds = 3;

/**
 * Both controllers as they are installed: a config-controller, two admission controllers with the Secret that it makes, and the Service in front of them,
 * registered with an API server that refuses what nobody answers for.
 */
export class AdmissionFleet implements AsyncDisposable {
  readonly cluster: ClusterFixture;
  readonly service: ServiceFront;
  readonly replicas: WebhookProcess[] = [];
  readonly #folder: string;
  readonly #stack = new AsyncDisposableStack();
  readonly #stopping = new AbortController();

  private constructor(cluster: ClusterFixture, service: ServiceFront, folder: string) {
    this.cluster = cluster;
    this.service = service;
    this.#folder = folder;
  }

  /** @param options - `rotateAfterMs`: the authority has lived two thirds of its time so long from now, and the next one follows. */
  static async open(
    cluster: ClusterFixture,
    options: { readonly policies: readonly BundleObject[]; readonly rotateAfterMs?: number },
  ): Promise<AdmissionFleet> {
    await using opening = new AsyncDisposableStack();
    const folder = await openTempDir("kinglet-fleet-");
    const service = await ServiceFront.open();
    const fleet = opening.use(new AdmissionFleet(cluster, service, folder.path));
    const stack = fleet.#stack;
    stack.use(folder);
    stack.use(service);
    await installCrds(cluster);
    for (const name of ["kinglet", "shop"]) {
      await fleet.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    // A real API server asks for such a Service at the name it is said to have outside, under the port of the registration.
    await fleet.call("POST", "/api/v1/namespaces/kinglet/services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kinglet-admission-controller" },
      spec: { type: "ExternalName", externalName: "127.0.0.1" },
    });
    if (options.rotateAfterMs !== undefined) await fleet.#ageAuthority(options.rotateAfterMs);
    for (const policy of options.policies) expectCreated(await fleet.call("POST", policiesPath, policy));
    await stack.use(await fleet.#startController()).ready();
    const folders = Array.from({ length: replicaCount }, (_, at) => join(folder.path, String(at)));
    for (const one of folders) await mkdir(join(one, "tls"), { recursive: true });
    const mounts = folders.map((one) => join(one, "tls"));
    stack.use(await MountedSecret.open(cluster, `${secretsPath}/kinglet-webhook-tls`, mounts));
    stack.defer(async () => {
      for (const replica of fleet.replicas) await replica[Symbol.asyncDispose]();
    });
    for (const at of folders.keys()) await fleet.startReplica(at);
    const probing = fleet.#probe();
    stack.defer(async () => {
      fleet.#stopping.abort();
      await probing;
    });
    await waitFor(() => service.endpoints.length === replicaCount, { timeoutMs: 30_000, describe: "both replicas" });
    opening.move();
    return fleet;
  }

  /** Starts the replica of this number (again), and waits until it is ready. */
  async startReplica(at: number): Promise<void> {
    const { kubeconfigPath: kubeconfig } = this.cluster;
    const replica = await WebhookProcess.start({ folder: join(this.#folder, String(at)), kubeconfig });
    this.replicas[at] = replica;
    await replica.ready();
  }

  call(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<ApiAnswer> {
    return apiCall(this.cluster, method, path, body, contentType);
  }

  /** As {@link call}, as somebody else who may do everything. */
  callAs(user: string, method: string, path: string, body: unknown, contentType?: string): Promise<ApiAnswer> {
    const headers = { "impersonate-user": user, "impersonate-group": "system:masters" };
    return apiCall(this.cluster, method, path, body, contentType ?? "application/json", headers);
  }

  /** Reviews that the replicas were sent so far. */
  async reviews(): Promise<number> {
    let sum = 0;
    for (const replica of this.replicas) {
      const { text } = await replica.http("/metrics");
      for (const [, count] of text.matchAll(/^kinglet_admission_reviews_total\{[^}]*\} (\d+)$/gm)) sum += Number(count);
    }
    return sum;
  }

  /** The authorities that the API server trusts for the webhooks, PEM. */
  async trusted(): Promise<string> {
    const { body } = await this.call("GET", configurationPath);
    const { webhooks } = body as { webhooks: { clientConfig: { caBundle: string } }[] };
    return Buffer.from(webhooks[0]?.clientConfig.caBundle ?? "", "base64").toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #startController(): Promise<ControllerProcess> {
    const { port } = this.service;
    const args = [
      ...["--namespace", "kinglet", "--lease-duration", "3000", "--webhook-port", String(port)],
      ...["--failure-policy", "Fail", "--events-failure-policy", "Fail", "--webhook-timeout", "10"],
      ...["--authority-lifetime", "1", "--certificate-lifetime", "1", "--rotation-overlap", String(overlapSeconds)],
    ];
    return ControllerProcess.start({ folder: this.#folder, kubeconfig: this.cluster.kubeconfigPath, args });
  }

  /** Readiness probes: who is not ready gets no new connections. */
  async #probe(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const ready = await Promise.all(
        this.replicas.map(async (replica) => ((await replica.http("/readyz")).status === 200 ? [replica.port] : [])),
      );
      this.service.endpoints = ready.flat();
      await delay(100);
    }
  }

  async #ageAuthority(rotateAfterMs: number): Promise<void> {
    const hour = 3_600_000;
    const notBefore = Date.now() + rotateAfterMs - (hour * 2) / 3;
    const { x509Issuer } = await loadX509Issuer();
    const { certificate, key } = await x509Issuer.issue({
      commonName: "kinglet webhooks aged",
      dnsNames: [],
      notBefore,
      notAfter: notBefore + hour,
    });
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const data = { "ca.crt": base64(certificate), "ca.key": base64(key) };
    const metadata = { name: "kinglet-webhook-ca", namespace: "kinglet" };
    expectCreated(
      await this.call("POST", secretsPath, { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data }),
    );
  }
}

function expectCreated({ status, body }: ApiAnswer): void {
  if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
}
