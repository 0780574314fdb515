import { createServer } from "node:https";
import type { ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openKubeSim } from "../../src/index.ts";
import { createServingCertificate } from "../../src/connections/serving-certificate.ts";
import { rawRequest } from "../raw-request.ts";

type Answer = (response: ServerResponse, uid: string) => void;

const review = (uid: string, more: object): string =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, allowed: true, ...more },
  });

const patchOf = (operations: unknown): object => ({
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});

const ANSWERS: Readonly<Record<string, Answer>> = {
  "never begins": () => {},
  "never ends": (response) => {
    response.writeHead(200);
    response.write("{");
  },
  "ends in the middle": (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("{", () => response.destroy());
  },
  "is larger than any answer": (response) => {
    response.writeHead(200);
    const part = Buffer.alloc(1_048_576, 32);
    const feed = (error?: Error | null): void => {
      if (error === undefined || error === null) response.write(part, feed);
    };
    feed();
  },
  "unpacks to more than any answer": (response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  },
  "is nested without end": (response) => response.end("[".repeat(1_000_000)),
  "patches what nothing can hold": (response, uid) => {
    const value = "x".repeat(100_000);
    const copies = Array.from({ length: 60 }, (_, at) => ({ op: "copy", from: "/data", path: `/data/c${at}` }));
    response.end(review(uid, patchOf([{ op: "add", path: "/data", value: { value } }, ...copies])));
  },
  "patches ever deeper": (response, uid) => {
    const steps = Array.from({ length: 1_200 }, (_, at) => ({ op: "add", path: `/data${"/a".repeat(at)}`, value: {} }));
    response.end(review(uid, patchOf(steps)));
  },
  "patches the prototype": (response, uid) =>
    response.end(review(uid, patchOf([{ op: "add", path: "/__proto__/polluted", value: "1" }]))),
};

describe("a webhook whose answer", () => {
  it.each(Object.entries(ANSWERS))("%s fails the write in time, and nothing else", async (_name, answer) => {
    await using webhook = await openWebhook(answer);
    await using sim = await openKubeSim();
    sim.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "hostile" },
      webhooks: [
        {
          name: "hostile.example.com",
          clientConfig: { url: `https://${webhook.address}/`, caBundle: webhook.caBundle },
          rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }],
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          timeoutSeconds: 1,
        },
      ],
    });
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
    const refused = await rawRequest(sim, "POST", "/api/v1/namespaces/default/configmaps", { body });
    expect(refused.body).toMatchObject({ kind: "Status", status: "Failure", code: refused.status });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect((await rawRequest(sim, "GET", "/readyz")).status).toBe(200);
    expect(sim.list("configmaps").some((map) => map.metadata.name === "x")).toBe(false);
    expect(({} as Record<string, unknown>)["polluted"]).toBe(undefined);
  });
});

async function openWebhook(
  answer: Answer,
): Promise<AsyncDisposable & { readonly address: string; readonly caBundle: string }> {
  const certificate = createServingCertificate(Date.now());
  const sockets = new Set<Socket>();
  const server = createServer(
    { key: certificate.privateKeyPem, cert: certificate.certificatePem },
    (request, response) => {
      let text = "";
      response.on("error", () => {});
      request.on("data", (chunk) => (text += String(chunk)));
      request.on("end", () => answer(response, (JSON.parse(text) as { request: { uid: string } }).request.uid));
    },
  );
  server.on("connection", (socket: Socket) => void sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caBundle: Buffer.from(certificate.caPem).toString("base64"),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
