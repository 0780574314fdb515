import type { KubeTransport, TransportRequest, TransportResponse } from "@kinglet/kube-client";
import { describe, expect, it } from "vitest";
import { FaultyTransport, mangledWatch, statusAnswer } from "./faulty-transport.ts";

const LINES = ['{"type":"ADDED","object":{"metadata":{"name":"é"}}}', '{"type":"BOOKMARK","object":{}}'];

/** Answers each request with two events, a byte at a time. */
class ByteTransport implements KubeTransport {
  accepted = "";

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.accepted = String(request.headers["accept"]);
    await Promise.resolve();
    return { status: 200, headers: {}, body: this.#bytes() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open.
  }

  async *#bytes(): AsyncGenerator<Buffer> {
    await Promise.resolve();
    for (const byte of Buffer.from(`${LINES.join("\n")}\n`)) yield Buffer.of(byte);
  }
}

async function textOf(response: TransportResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("FaultyTransport", () => {
  const request: TransportRequest = {
    method: "GET",
    path: "/api/v1/pods?watch=true",
    headers: { accept: "application/vnd.kubernetes.protobuf,application/json" },
    signal: new AbortController().signal,
  };

  it("changes whole events of a watch, in JSON, and counts what it meets", async () => {
    const inner = new ByteTransport();
    await using transport = new FaultyTransport(inner);
    const remove = transport.add(mangledWatch(({ type }, line) => (type === "BOOKMARK" ? [] : [line, line])));
    expect(await textOf(await transport.send(request))).toBe(`${LINES[0]}\n${LINES[0]}\n`);
    expect([inner.accepted, transport.met, transport.requests]).toEqual(["application/json", 2, 1]);
    await transport.send({ ...request, path: "/api/v1/pods" });
    remove();
    expect(await textOf(await transport.send(request))).toBe(`${LINES.join("\n")}\n`);
    expect([transport.met, transport.requests]).toEqual([2, 3]);
  });

  it("answers with a Status as a server does", async () => {
    const response = statusAnswer(429, "TooManyRequests", { retryAfter: 3 });
    expect([response.status, response.headers["retry-after"]]).toEqual([429, "3"]);
    expect(JSON.parse(await textOf(response))).toMatchObject({ code: 429, details: { retryAfterSeconds: 3 } });
  });
});
