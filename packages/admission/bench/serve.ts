/** The server under load, in a process of its own: `webhook` with 50 policies, or `echo`, a bare HTTPS server that parses JSON and answers. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { systemClock } from "@kinglet/lifecycle";
import { openDecider, openWebhook, servingCertificate } from "../test/open-webhook.ts";
import { policies } from "./fixtures.ts";

async function serveWebhook(): Promise<number> {
  const { decider } = await openDecider(policies(50), {}, { clock: systemClock });
  return (await openWebhook(decider)).server.port;
}

function serveEcho(): Promise<number> {
  const { certificatePem, keyPem } = servingCertificate("server-one");
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const {
        apiVersion,
        kind,
        request: review,
      } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        readonly apiVersion: string;
        readonly kind: string;
        readonly request: { readonly uid: string };
      };
      const text = JSON.stringify({ kind, apiVersion, response: { uid: review.uid, allowed: true } });
      response
        .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
        .end(text);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

const port = await (process.argv[2] === "webhook" ? serveWebhook() : serveEcho());
process.send?.({ port });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
