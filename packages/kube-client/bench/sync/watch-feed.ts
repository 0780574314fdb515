import type { ServerResponse } from "node:http";
import { encodeWatchEvent } from "../../test/protobuf-oracle.ts";
import { realisticPod } from "../../test/realistic-pod.ts";

/** As wide as nanoseconds since boot and versions ever get. */
const WIDTH = 18;
const SENT = "s".repeat(WIDTH);
const VERSION = "v".repeat(WIDTH);
const TICK_MS = 5;
const FRAMES = 500;

interface Frame {
  readonly bytes: Buffer;
  readonly sentAt: number;
  readonly versionAt: number;
}

/**
 * MODIFIED events of realistic pods, made beforehand; each carries when it was sent (nanoseconds of the system's monotonic clock) in the label `sent`, written into
 * its bytes at the last moment.
 */
export class WatchFeed {
  readonly #perSecond: number;
  readonly #frames: Frame[] = [];
  #version = 10n ** BigInt(WIDTH - 1);

  constructor(perSecond: number, pods: number) {
    this.#perSecond = perSecond;
    if (perSecond === 0) return;
    for (let index = 0; index < Math.min(FRAMES, pods); index++) this.#frames.push(frameOf(index));
  }

  /** Sends until the client goes away. */
  serve(response: ServerResponse): void {
    if (this.#perSecond === 0) return;
    const startedNs = process.hrtime.bigint();
    let sent = 0;
    const timer = setInterval(() => {
      const elapsedMs = Number(process.hrtime.bigint() - startedNs) / 1e6;
      const due = Math.floor((elapsedMs * this.#perSecond) / 1000);
      const parts: Buffer[] = [];
      for (; sent < due; sent++) parts.push(this.#next(sent));
      if (parts.length > 0) response.write(Buffer.concat(parts));
    }, TICK_MS);
    response.on("close", () => clearInterval(timer));
    response.on("error", () => clearInterval(timer));
  }

  #next(at: number): Buffer {
    const { bytes, sentAt, versionAt } = this.#frames[at % this.#frames.length]!;
    bytes.write(String(process.hrtime.bigint()).padStart(WIDTH, "0"), sentAt, "latin1");
    bytes.write(String(++this.#version), versionAt, "latin1");
    return bytes;
  }
}

function frameOf(index: number): Frame {
  const pod = realisticPod(index) as { metadata: { labels: Record<string, string> } };
  const metadata = { ...pod.metadata, labels: { ...pod.metadata.labels, sent: SENT }, resourceVersion: VERSION };
  const event = encodeWatchEvent("MODIFIED", { ...pod, metadata });
  return { bytes: event, sentAt: event.indexOf(SENT), versionAt: event.indexOf(VERSION) };
}
