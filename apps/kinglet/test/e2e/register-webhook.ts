import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterFixture } from "@kinglet/testing";
import { apiCall } from "./admission-requests.ts";

const certificates = join(import.meta.dirname, "../../../../packages/admission/test/certificates");

/** Registers a webhook on loopback that has one of the test certificates, for everything it judges, in every namespace; what it does not answer is refused. */
export async function registerWebhook(cluster: ClusterFixture, port: number): Promise<void> {
  const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
  const { status, body } = await apiCall(cluster, "POST", path, configuration(port), "application/json");
  if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`);
}

function configuration(port: number): object {
  const caBundle = Buffer.from(
    readFileSync(join(certificates, "authority-a.pem"), "utf8") +
      readFileSync(join(certificates, "authority-b.pem"), "utf8"),
  ).toString("base64");
  const common = {
    sideEffects: "NoneOnDryRun",
    admissionReviewVersions: ["v1"],
    failurePolicy: "Fail",
    timeoutSeconds: 10,
  };
  const at = (path: string): object => ({
    clientConfig: { url: `https://127.0.0.1:${String(port)}${path}`, caBundle },
  });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "kinglet" },
    webhooks: [
      {
        ...common,
        ...at("/validate"),
        name: "workloads.kinglet.dev",
        rules: [
          {
            apiGroups: ["apps"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["deployments", "deployments/scale"],
          },
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["pods", "pods/ephemeralcontainers", "pods/eviction"],
          },
        ],
      },
      {
        ...common,
        ...at("/events"),
        name: "connections.kinglet.dev",
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CONNECT"],
            resources: ["pods/exec", "pods/attach", "pods/portforward"],
          },
        ],
      },
    ],
  };
}
