// A process that serves realistic pods over loopback TLS from bytes made beforehand, so that what is measured is the client.
// argv: number of pods, watch events a second. Sends { port, caPem } to its parent when it listens.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { encodeObject, envelope } from "../../test/protobuf-oracle.ts";
import { pemOf } from "../../test/open-h2-server.ts";
import { realisticPod } from "../../test/realistic-pod.ts";
import { WatchFeed } from "./watch-feed.ts";

const count = Number(process.argv[2]);
const feed = new WatchFeed(Number(process.argv[3] ?? "0"), count);
const VERSION = "9000000";
const PROTOBUF = "application/vnd.kubernetes.protobuf";
const LARGEST_PAGE = 5_000;

interface Encoded {
  readonly json: Buffer;
  readonly protobuf: Buffer;
}

const pods: Encoded[] = [];
for (let index = 0; index < count; index++) {
  const pod = realisticPod(index);
  const { apiVersion: _apiVersion, kind: _kind, ...item } = pod;
  pods.push({ json: Buffer.from(JSON.stringify(item)), protobuf: rawOf(encodeObject(pod)) });
}

/** The object's own bytes inside the envelope: field 2 of runtime.Unknown. */
function rawOf(bytes: Buffer): Buffer {
  for (let at = 4; at < bytes.length;) {
    const tag = bytes[at++]!;
    let length = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
    }
    if (tag === 0x12) return Buffer.from(bytes.subarray(at, at + length));
    at += length;
  }
  throw new Error("an envelope without an object");
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function field(number: number, bytes: Buffer): Buffer[] {
  return [Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes];
}

function jsonPage(from: number, to: number, token: string): Buffer {
  const metadata = {
    resourceVersion: VERSION,
    ...(token === "" ? {} : { continue: token, remainingItemCount: count - to }),
  };
  const head = `{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[`;
  const parts: Buffer[] = [Buffer.from(head)];
  for (let at = from; at < to; at++) parts.push(...(at > from ? [Buffer.from(",")] : []), pods[at]!.json);
  return Buffer.concat([...parts, Buffer.from("]}\n")]);
}

function protobufPage(from: number, to: number, token: string): Buffer {
  const meta = [...field(2, Buffer.from(VERSION)), ...(token === "" ? [] : field(3, Buffer.from(token)))];
  const parts = field(1, Buffer.concat(meta));
  for (let at = from; at < to; at++) parts.push(...field(2, pods[at]!.protobuf));
  return envelope("v1", "PodList", Buffer.concat(parts));
}

const pages = new Map<string, Buffer>();

function answer(url: URL, accept: string, response: ServerResponse): void {
  if (url.searchParams.get("sendInitialEvents") === "true") {
    const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Invalid", code: 422 };
    response.writeHead(422, { "content-type": "application/json" }).end(JSON.stringify(status));
    return;
  }
  const isProtobuf = accept.includes(PROTOBUF);
  if (url.searchParams.get("watch") !== null) {
    response.writeHead(200, { "content-type": isProtobuf ? `${PROTOBUF};stream=watch` : "application/json" });
    response.flushHeaders();
    if (isProtobuf && url.pathname === "/api/v1/pods") feed.serve(response);
    return;
  }
  const limit = Number(url.searchParams.get("limit") ?? "0");
  const from = Number(url.searchParams.get("continue") ?? "0");
  // The real server ignores the limit where it answers from its cache.
  const isWhole = limit === 0 || url.searchParams.get("resourceVersion") === "0";
  const to = isWhole ? count : Math.min(count, from + Math.min(limit, LARGEST_PAGE));
  const key = `${isProtobuf} ${from} ${to}`;
  const token = to < count ? String(to) : "";
  let page = pages.get(key);
  if (page === undefined) {
    page = isProtobuf ? protobufPage(from, to, token) : jsonPage(from, to, token);
    pages.set(key, page);
  }
  response.writeHead(200, { "content-type": isProtobuf ? PROTOBUF : "application/json" });
  response.end(page);
}

const emptyPage = protobufPage(0, 0, "");
const server = http2.createSecureServer(
  { allowHTTP1: true, cert: pemOf("server-a.pem"), key: pemOf("server-a.key") },
  (request, response) => {
    const url = new URL(request.url, "https://canned");
    if (url.pathname === "/api/v1/namespaces/none/pods") {
      const empty = { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: VERSION }, items: [] };
      if (url.searchParams.get("watch") !== null)
        answer(url, request.headers.accept ?? "", response as unknown as ServerResponse);
      else if ((request.headers.accept ?? "").includes(PROTOBUF))
        response.writeHead(200, { "content-type": PROTOBUF }).end(emptyPage);
      else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(empty));
      return;
    }
    if (url.pathname === "/api/v1/pods") {
      answer(url, request.headers.accept ?? "", response as unknown as ServerResponse);
      return;
    }
    response.writeHead(404, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 }),
    );
  },
);
// Made before anybody asks, so that nobody pays for it.
pages.set(`true 0 ${count}`, protobufPage(0, count, ""));
pages.set(`false 0 ${count}`, jsonPage(0, count, ""));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const bytes = (of: keyof Encoded): number => pods.reduce((sum, pod) => sum + pod[of].length, 0) / count;
process.send?.({
  server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  caPem: pemOf("authority-a.pem"),
  jsonBytes: bytes("json"),
  protobufBytes: bytes("protobuf"),
});
process.on("disconnect", () => process.exit(0));
