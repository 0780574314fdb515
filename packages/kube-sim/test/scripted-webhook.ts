import { createServer } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createServingCertificate } from "../src/connections/serving-certificate.ts";

/** One call, as it arrived. */
export interface WebhookCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of whatever they asked for
  readonly request: any;
}

/** A webhook whose answers a test writes: members that are merged into `{uid, allowed: true}`, or a raw answer. */
export interface ScriptedWebhook extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly caBundle: string;
  readonly calls: WebhookCall[];
  /** Connections that were ever opened. */
  readonly connections: () => number;
}

/** What a path answers; a string is a body sent as it is. */
export type WebhookScript = Readonly<Record<string, (call: WebhookCall) => object | string>>;

/** Starts a webhook on loopback. */
export async function openScriptedWebhook(script: WebhookScript): Promise<ScriptedWebhook> {
  const certificate = createServingCertificate(Date.now());
  const calls: WebhookCall[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer(
    { key: certificate.privateKeyPem, cert: certificate.certificatePem },
    (request, response) => void answer(request, response, script, calls),
  );
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caBundle: Buffer.from(certificate.caPem).toString("base64"),
    calls,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  script: WebhookScript,
  calls: WebhookCall[],
): Promise<void> {
  let text = "";
  for await (const chunk of request as AsyncIterable<Buffer>) text += String(chunk);
  const review = JSON.parse(text) as { readonly apiVersion: string; readonly request: { readonly uid: string } };
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const call: WebhookCall = { path, headers: request.headers, request: review.request };
  calls.push(call);
  const own = script[path]?.(call) ?? {};
  response.writeHead(200, { "content-type": "application/json" });
  const { apiVersion } = review;
  const body = {
    apiVersion,
    kind: "AdmissionReview",
    response: { uid: review.request.uid, allowed: true, ...(own as object) },
  };
  response.end(typeof own === "string" ? own : JSON.stringify(body));
}

/** A JSON patch as a webhook answers it. */
export function patchAnswer(...operations: readonly object[]): object {
  return { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(operations)).toString("base64") };
}
