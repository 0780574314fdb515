import type { IncomingMessage } from "node:http";
import type { Clock } from "@kinglet/lifecycle";
import { loadHttp } from "./lazy.ts";

const maxBodyBytes = 4_194_304;
const timeoutMs = 5_000;

/**
 * Counters of the agent for events that reach no client, in today's names and those of releases before 1.2.
 *
 * `tetragon_export_ratelimit_events_dropped_total` is not among them: what the file leaves out the stream still has.
 *
 * @see cilium/tetragon `docs/content/en/docs/reference/metrics.md`
 */
const lossMetric =
  /^(tetragon_(?:bpf_missed_events|missed_events|notify_overflowed_events|observer_ringbuf_(?:events|queue_events)_lost|ringbuf_(?:perf_event|queue)_lost)_total)(?:\{[^}]*\})?\s+([0-9.e+]+)/;

/**
 * What the agent says it lost, read from its metrics.
 *
 * @internal
 */
export class AgentLosses {
  /** Lost since the first look, by metric. */
  readonly totals: Record<string, number> = {};
  readonly #url: string;
  readonly #clock: Clock;
  #last: ReadonlyMap<string, number> | undefined;

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /**
   * Looks once.
   *
   * @returns how many were lost since the last look; 0 at the first one.
   * @throws an Error when the metrics cannot be read.
   */
  async look(): Promise<number> {
    const now = parseLosses(await this.#read());
    const last = this.#last;
    this.#last = now;
    if (last === undefined) return 0;
    let sum = 0;
    for (const [name, value] of now) {
      const before = last.get(name) ?? 0;
      // A counter that went back began anew with the agent.
      const lost = value >= before ? value - before : value;
      if (lost === 0) continue;
      this.totals[name] = (this.totals[name] ?? 0) + lost;
      sum += lost;
    }
    return sum;
  }

  async #read(): Promise<string> {
    const { get } = await loadHttp();
    return await new Promise((resolve, reject) => {
      const request = get(this.#url, { agent: false }, (response) => {
        collect(response).then(resolve, reject);
      });
      const timer = this.#clock.startTimer(() => request.destroy(new Error("no answer within 5 s")), timeoutMs);
      request.once("error", reject);
      request.once("close", () => {
        timer.cancel();
        reject(new Error("the connection was closed"));
      });
    });
  }
}

/** Sums of the loss counters of a metrics page, by name. */
function parseLosses(text: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, value] = lossMetric.exec(line) ?? [];
    if (name !== undefined && Number.isFinite(Number(value))) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

async function collect(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`status ${response.statusCode}`);
  }
  response.setEncoding("utf8");
  let text = "";
  for await (const part of response as AsyncIterable<string>) {
    text += part;
    if (text.length > maxBodyBytes) throw new Error(`more than ${maxBodyBytes} bytes`);
  }
  return text;
}
