import { hasCode } from "@kinglet/errors";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { ACCESS, HANG, line, networkError, pod, ScriptedTransport } from "../test/scripted-transport.ts";
import { createKubeClient, type KubeClient, type KubeObject, pods, type WatchEvent } from "./index.ts";

const shop = { namespace: "shop" };

function clientOf(transport: ScriptedTransport, options: Parameters<typeof createKubeClient>[1] = {}): KubeClient {
  return createKubeClient(ACCESS, { transport, ...options });
}

function code(name: string): unknown {
  return expect.objectContaining({ code: `KINGLET_ERR_KUBE_CLIENT_${name}` });
}

async function collect(events: AsyncIterable<WatchEvent<KubeObject>>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push(`${event.type} ${event.resourceVersion}`);
  return seen;
}

describe("KubeClient.watch", () => {
  const events = [
    line("ADDED", pod("a", "11")),
    line("MODIFIED", pod("ä\u2028b", "12")),
    line("DELETED", pod("a", "13")),
  ];

  it("asks for bookmarks and a time limit and yields events in order, through an injected transport [client W3] [start-up L4f]", async () => {
    const transport = new ScriptedTransport(() => ({
      chunks: [...events, line("BOOKMARK", { kind: "Pod", metadata: { resourceVersion: "20" } })],
    }));
    const watch = clientOf(transport).watch<KubeObject>(pods, {
      ...shop,
      resourceVersion: "10",
      timeoutSeconds: 333,
    });
    expect(await collect(watch)).toEqual(["ADDED 11", "MODIFIED 12", "DELETED 13", "BOOKMARK 20"]);
    expect(transport.requests[0]?.path).toBe(
      "/api/v1/namespaces/shop/pods?watch=true&resourceVersion=10&timeoutSeconds=333&allowWatchBookmarks=true",
    );
  });

  it("yields whole events only, wherever the stream is cut or broken [client W8]", async () => {
    const bytes = Buffer.from(events.join(""));
    const ends = events.map((_event, index) => Buffer.byteLength(events.slice(0, index + 1).join("")));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const whole = ends.filter((end) => end <= cut).length;
      const cutOff = clientOf(new ScriptedTransport(() => ({ chunks: [bytes.subarray(0, cut)] })));
      expect(await collect(cutOff.watch<KubeObject>(pods))).toHaveLength(whole);
      const broken = clientOf(
        new ScriptedTransport(() => ({ chunks: [bytes.subarray(0, cut), networkError("ECONNRESET")] })),
      );
      const seen: string[] = [];
      await expect(
        (async () => {
          for await (const event of broken.watch<KubeObject>(pods)) seen.push(event.type);
        })(),
      ).rejects.toThrow(code("UNREACHABLE"));
      expect(seen).toHaveLength(whole);
      const inTwo = clientOf(new ScriptedTransport(() => ({ chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] })));
      expect(await collect(inTwo.watch<KubeObject>(pods))).toHaveLength(3);
    }
  });

  it.each([
    [410, "Expired", "GONE"],
    [429, "TooManyRequests", "TOO_MANY_REQUESTS"],
    [500, "InternalError", "SERVER"],
  ])(
    "throws an in-stream ERROR %i as the error it is [start-up L4d] [client W5] [client W6]",
    async (status, reason, name) => {
      const transport = new ScriptedTransport(() => ({
        chunks: [events[0]!, line("ERROR", { kind: "Status", code: status, reason })],
      }));
      await expect(collect(clientOf(transport).watch<KubeObject>(pods))).rejects.toThrow(code(name));
    },
  );

  it("gives up a silent stream, but does not count the consumer's own time as silence [client W10]", async () => {
    const clock = new ManualClock();
    const transport = new ScriptedTransport(() => ({ chunks: [events[0]! + events[1]!, events[2]!, HANG] }));
    const seen: string[] = [];
    const done = (async () => {
      for await (const event of clientOf(transport, { clock }).watch<KubeObject>(pods)) {
        seen.push(event.resourceVersion);
        await new Promise<void>((resolve) => {
          clock.startTimer(resolve, 60_000);
        });
      }
    })().catch((error: unknown) => error);
    // Three events of a minute each, then up to 100 s of silence, noticed when the timer next fires.
    await clock.advance(279_999);
    expect(seen).toEqual(["11", "12", "13"]);
    await clock.advance(100_000);
    expect(hasCode(await done, "KINGLET_ERR_KUBE_CLIENT_TIMEOUT")).toBe(true);
    expect([clock.pendingTimers, transport.openBodies]).toEqual([0, 0]);
  });

  it("ends the connection when the consumer stops early", async () => {
    const transport = new ScriptedTransport(() => ({ chunks: [events.join(""), HANG] }));
    for await (const event of clientOf(transport).watch<KubeObject>(pods)) if (event.type === "ADDED") break;
    expect(transport.openBodies).toBe(0);
  });
});
