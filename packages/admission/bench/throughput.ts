/**
 * Throughput against a bare HTTPS JSON echo in the same run, latencies at 300 requests a second, and memory between half a million and a million
 * reviews: `node --conditions=@kinglet/source --expose-gc bench/throughput.ts [--reviews N]`.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import { systemClock } from "@kinglet/lifecycle";
import { renderAnswer } from "../src/review/answer.ts";
import { parseReview } from "../src/review/parse-review.ts";
import { Deadline } from "../src/timing/deadline.ts";
import { openDecider, pem } from "../test/open-webhook.ts";
import { podReview, policies } from "./fixtures.ts";

const body = podReview();
const request = Buffer.from(
  `POST /validate?timeout=10s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);

/** A connection that sends one request at a time and knows no more of HTTP than it must: it is not what is measured. */
class Client {
  readonly #socket: TLSSocket;
  #text = "";
  #done: (() => void) | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (part: string) => {
      this.#text += part;
      const end = this.#text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? "0");
      if (this.#text.length < end + 4 + length) return;
      if (!this.#text.includes('"allowed":true')) throw new Error(this.#text);
      this.#text = "";
      this.#done?.();
    });
  }

  static async open(port: number): Promise<Client> {
    const socket = connect({ host: "127.0.0.1", port, ca: pem("authority-a.pem") });
    await once(socket, "secureConnect");
    return new Client(socket);
  }

  ask(): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(kind: "webhook" | "echo"): Promise<Started> {
  const child = fork(join(import.meta.dirname, "serve.ts"), [kind], { execArgv: ["--conditions=@kinglet/source"] });
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  return { child, port };
}

/** What a server did under load. */
interface Rate {
  readonly perSecond: number;
  /** Microseconds of the server's processor time per answer, which does not depend on what else the machine does. */
  readonly cpu: number;
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [{ cpu }] = (await once(child, "message")) as [{ readonly cpu: number }];
  return cpu;
}

/** Answers per second with that many connections. */
async function throughput({ child, port }: Started, connections: number, seconds: number): Promise<Rate> {
  const clients = await Promise.all(Array.from({ length: connections }, () => Client.open(port)));
  const run = async (untilMs: number): Promise<number> => {
    let answers = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() < untilMs) {
          await client.ask();
          answers++;
        }
      }),
    );
    return answers;
  };
  await run(performance.now() + 1500);
  const before = await cpuOf(child);
  const answers = await run(performance.now() + seconds * 1000);
  const cpu = ((await cpuOf(child)) - before) / answers;
  for (const client of clients) client.close();
  return { perSecond: answers / seconds, cpu };
}

/** Milliseconds from when a request was due to its answer, sorted. */
async function latencies(port: number, perSecond: number, seconds: number): Promise<readonly number[]> {
  const free = await Promise.all(Array.from({ length: 32 }, () => Client.open(port)));
  // A connection without a request is closed after ten seconds.
  for (const client of free) await client.ask();
  const all = [...free];
  const taken: number[] = [];
  const begin = performance.now();
  const running: Promise<void>[] = [];
  for (let at = 0; at < perSecond * seconds; at++) {
    const dueMs = begin + (at * 1000) / perSecond;
    if (dueMs > performance.now()) await delay(dueMs - performance.now());
    const client = free.pop();
    if (client === undefined) {
      taken.push(Number.POSITIVE_INFINITY);
      continue;
    }
    const sentMs = performance.now();
    running.push(
      client.ask().then(() => {
        taken.push(performance.now() - sentMs);
        free.push(client);
      }),
    );
  }
  await Promise.all(running);
  for (const client of all) client.close();
  return taken.sort((left, right) => left - right);
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
}

async function measureNetwork(): Promise<void> {
  const webhook = await start("webhook");
  const echo = await start("echo");
  try {
    const rates: { webhook: Rate[]; echo: Rate[] } = { webhook: [], echo: [] };
    for (let round = 0; round < 5; round++) {
      rates.echo.push(await throughput(echo, 8, 2.5));
      rates.webhook.push(await throughput(webhook, 8, 2.5));
    }
    const median = (values: readonly Rate[], of: keyof Rate): number =>
      values.map((rate) => rate[of]).toSorted((left, right) => left - right)[2] ?? 0;
    const { webhook: ours, echo: bare } = rates;
    const [cpu, bareCpu] = [median(ours, "cpu"), median(bare, "cpu")];
    const [perSecond, barePerSecond] = [median(ours, "perSecond"), median(bare, "perSecond")];
    console.log(
      `throughput, 8 connections: echo ${barePerSecond.toFixed(0)}/s, webhook ${perSecond.toFixed(0)}/s = ${((100 * perSecond) / barePerSecond).toFixed(0)} %; ` +
        `processor time per answer: ${bareCpu.toFixed(0)} and ${cpu.toFixed(0)} µs = ${((100 * bareCpu) / cpu).toFixed(0)} %`,
    );
    await latencies(webhook.port, 300, 3);
    const sorted = await latencies(webhook.port, 300, 15);
    console.log(
      `at 300/s, ms: p50 ${at(sorted, 0.5)}, p99 ${at(sorted, 0.99)}, p999 ${at(sorted, 0.999)}, max ${at(sorted, 1)}`,
    );
  } finally {
    webhook.child.kill();
    echo.child.kill();
  }
}

async function measureMemory(reviews: number): Promise<void> {
  const { decider } = await openDecider(policies(50), {}, { clock: systemClock });
  const bytes = Buffer.from(body);
  const run = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) {
      const review = parseReview(bytes);
      using deadline = new Deadline(systemClock.monotonicMs() + 10_000, systemClock);
      renderAnswer(review.apiVersion, review.request.uid, await decider.decide("validate", review, deadline));
    }
  };
  const heap = (): number => {
    for (let round = 0; round < 4; round++) globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  await run(1000);
  const before = heap();
  await run(200);
  const allocated = (process.memoryUsage().heapUsed - before) / 200;
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  await run(reviews / 2);
  const half = heap();
  await run(reviews / 2);
  const whole = heap();
  const perReview = ((performance.now() - startMs) * 1000) / reviews;
  const { user } = process.cpuUsage(cpu);
  console.log(
    `${reviews} reviews, read, decided, rendered: ${perReview.toFixed(0)} µs each (${(user / reviews).toFixed(0)} µs of user time), ` +
      `${(allocated / 1024).toFixed(1)} KB allocated each; ` +
      `heap after half ${(half / 1e6).toFixed(3)} MB, after all ${(whole / 1e6).toFixed(3)} MB (${(100 * (whole / half - 1)).toFixed(2)} %)`,
  );
}

const flag = process.argv.indexOf("--reviews");
await measureNetwork();
await measureMemory(flag < 0 ? 1_000_000 : Number(process.argv[flag + 1]));
