import type { TransportRequest, TransportResponse } from "@kinglet/kube-client";
import { describe, expect, it } from "vitest";
import { END, errorFrame, frameOf, mangledFrames, shortenedLists } from "./protobuf-frames.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf;stream=watch";
const request: TransportRequest = {
  method: "GET",
  path: "/api/v1/secrets?watch=true",
  headers: { accept: `${PROTOBUF},application/json` },
  signal: new AbortController().signal,
};

/** A frame whose event has this type and nothing else. */
function eventFrame(type: string): Buffer {
  return frameOf(Buffer.concat([Buffer.of(10, type.length), Buffer.from(type)]));
}

/** Answers with these bytes, one at a time. */
async function answer(bytes: Buffer, contentType = PROTOBUF): Promise<TransportResponse> {
  async function* body(): AsyncGenerator<Buffer> {
    await Promise.resolve();
    for (const byte of bytes) yield Buffer.of(byte);
  }
  await Promise.resolve();
  return { status: 200, headers: { "content-type": contentType }, body: body() };
}

async function bytesOf(response: TransportResponse | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("mangledFrames", () => {
  it("hands over whole frames with their type, and counts those that are changed", async () => {
    const frames = ["ADDED", "BOOKMARK", "MODIFIED", "DELETED"].map(eventFrame);
    const seen: string[] = [];
    let strikes = 0;
    const rule = mangledFrames(({ type, bytes }) => {
      seen.push(type);
      if (type === "BOOKMARK") return [];
      return type === "MODIFIED" ? [bytes.subarray(0, 3), END] : [bytes];
    });
    const mangled = await rule(
      request,
      () => answer(Buffer.concat(frames)),
      () => strikes++,
    );
    expect(await bytesOf(mangled)).toEqual(Buffer.concat([frames[0]!, frames[2]!.subarray(0, 3)]));
    expect([seen, strikes]).toEqual([["ADDED", "BOOKMARK", "MODIFIED"], 2]);
  });

  it("leaves alone what is no watch in protobuf, and refuses a server that answers in another encoding", async () => {
    const rule = mangledFrames(() => []);
    const next = (): Promise<TransportResponse> => answer(Buffer.alloc(0), "application/json");
    const strike = (): void => expect.unreachable();
    expect(rule({ ...request, path: "/api/v1/secrets" }, next, strike)).toBeUndefined();
    expect(rule({ ...request, headers: { accept: "application/json" } }, next, strike)).toBeUndefined();
    await expect(rule(request, next, strike)).rejects.toThrow("was answered in application/json");
  });

  it("ends a list in the middle", async () => {
    const list = { ...request, path: "/api/v1/secrets" };
    let strikes = 0;
    const half = await shortenedLists()(
      list,
      () => answer(Buffer.from("123456")),
      () => strikes++,
    );
    expect([String(await bytesOf(half)), strikes]).toEqual(["123", 1]);
  });
});

describe("errorFrame", () => {
  it("is a WatchEvent with a Status in an envelope", () => {
    const frame = errorFrame(410, "Expired");
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    // 410 is the varint 9a 03 in field 6.
    expect(frame.subarray(-3)).toEqual(Buffer.of(0x30, 0x9a, 0x03));
    expect(frame.toString("latin1")).toMatch(/^....\n\u0005ERROR.*k8s\0.*v1.*Status.*Failure.*soak: Expired.*Expired/s);
  });
});
