import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServingCertificate } from "../../src/connections/serving-certificate.ts";

/** What the webhook was sent. */
export interface ReceivedReview {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly review: unknown;
}

/** An admission webhook with one canned behaviour per path. */
export interface AnswerWebhook extends AsyncDisposable {
  /** The variables that the steps of a scenario use. */
  readonly variables: { readonly hookUrl: string; readonly hookCA: string };
  readonly received: readonly ReceivedReview[];
}

/** How long `/slow` takes, milliseconds. */
const SLOW_MS = 3000;
const KEPT_HEADERS = ["content-type", "accept", "accept-encoding", "user-agent"] as const;

type Response = Readonly<Record<string, unknown>>;

function cannedResponses(): Readonly<Record<string, Response>> {
  const patch = (operations: unknown): string => Buffer.from(JSON.stringify(operations)).toString("base64");
  return {
    "/allow": {},
    "/slow": {},
    "/deny": { allowed: false, status: { code: 403, reason: "Forbidden", message: "no such luck" } },
    "/deny-plain": { allowed: false },
    "/deny-422": {
      allowed: false,
      status: {
        code: 422,
        reason: "Invalid",
        message: "bad spec",
        details: { causes: [{ reason: "FieldValueInvalid", message: "m", field: "data.k" }] },
      },
    },
    "/warn": { warnings: ["first warning", 'second "quoted" warning'], auditAnnotations: { note: "x" } },
    "/patch": {
      patchType: "JSONPatch",
      patch: patch([{ op: "add", path: "/metadata/labels", value: { patched: "yes" } }]),
    },
    "/bad-patch": { patchType: "JSONPatch", patch: patch([{ op: "remove", path: "/nope" }]) },
    "/wrong-uid": { uid: "wrong" },
  };
}

/** Starts the webhook on loopback. */
export async function openAnswerWebhook(): Promise<AnswerWebhook> {
  const certificate = createServingCertificate(Date.now());
  const received: ReceivedReview[] = [];
  const canned = cannedResponses();
  const server: Server = createServer(
    { key: certificate.privateKeyPem, cert: certificate.certificatePem },
    (request, response) => void answer(request, response, canned, received),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    variables: {
      hookUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      hookCA: Buffer.from(certificate.caPem).toString("base64"),
    },
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  canned: Readonly<Record<string, Response>>,
  received: ReceivedReview[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = request.url ?? "/";
  const path = url.split("?")[0] ?? "/";
  const review = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { request?: { uid?: string } };
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  received.push({ url, method: request.method ?? "", headers, review });
  if (path === "/slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  const own = canned[path];
  const isReview = own !== undefined || path === "/no-response";
  if (isReview) {
    const body = {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      ...(own === undefined ? {} : { response: { uid: review.request?.uid, allowed: true, ...own } }),
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  } else if (path === "/garbage") {
    response.writeHead(200).end("not json");
  } else {
    response.writeHead(path === "/error" ? 500 : 404).end(path === "/error" ? "boom" : undefined);
  }
}
