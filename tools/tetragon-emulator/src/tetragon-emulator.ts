import { createServer as createHttpServer, type Server } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { systemClock, type Clock, type ClockTimer } from "@kinglet/lifecycle";
import { agentEvent, frameOf, memberOf, type AgentEvent } from "./agent-event.ts";
import { AgentServer, type AgentServerOptions } from "./agent-server.ts";
import { EventCodec, type Json } from "./event-codec.ts";
import { compileFilters } from "./filter-events.ts";
import { KnownProcesses } from "./known-processes.ts";
import { Listener } from "./listener.ts";
import { seededRandom } from "./random.ts";
import { atTime, inLoop, withoutPod } from "./rewrite-event.ts";
import { strangeEvents, type StrangeKind } from "./strange-events.ts";

/** How fast events happen. */
export type EventRate = number | "recorded" | "asap" | "lossless";

/** Settings of a {@link TetragonEmulator}; everything is off unless it is asked for. */
export interface TetragonEmulatorOptions extends Omit<AgentServerOptions, "clock"> {
  /** Release that the agent plays: `v1.7.0`; before 1.2 it knows no policies call. */
  readonly version?: string;
  /** Calls that this agent does not have. */
  readonly unimplemented?: readonly string[];
  /** Events for `start`, protojson. */
  readonly events?: readonly Json[];
  /** Times that the events are gone through; processes get other ids each time. @defaultValue 1 */
  readonly loops?: number;
  /**
   * Events a second, `recorded` (by their times), `asap`, or `lossless`: as fast as the clients read, which no agent does.
   * @defaultValue "asap"
   */
  readonly rate?: EventRate;
  /** Factor on the recorded pace. @defaultValue 1 */
  readonly speed?: number;
  /** This many events at once, this often, on top of the rate. */
  readonly burst?: { readonly size: number; readonly everyMs: number };
  /** Processes keep their ids in every loop; what is sent is encoded once. */
  readonly keepsIds?: boolean;
  /** Events happen now instead of when they were recorded. */
  readonly rewritesTime?: boolean;
  /** Share of events that wait for their pod, 0 ... 1, how long, and the share of those that never get it. */
  readonly delayed?: {
    readonly share: number;
    readonly minMs: number;
    readonly maxMs: number;
    readonly lostPodShare: number;
  };
  /** A client that connects first gets all running processes as executions with the flag procFS. */
  readonly replaysAtConnect?: boolean;
  /** A strange event of each of these kinds after every n-th event. */
  readonly strange?: { readonly kinds: readonly StrangeKind[]; readonly every: number };
  /** Queue of each client. @defaultValue 10,000 */
  readonly maxQueued?: number;
  /** Where the agent's metrics are served: `HOST:PORT`; absent: nowhere. */
  readonly metricsAddress?: string;
  /** Called with every event as it happens, whoever listens: the exporter. */
  readonly onEvent?: (json: Json) => void;
  readonly seed?: number;
  readonly clock?: Clock;
}

/** What happened so far. */
export interface EmulatorCounts {
  /** Events that happened. */
  readonly happened: number;
  /** Written to streams, all clients together. */
  readonly sent: number;
  /** Dropped by full queues of clients, silently. */
  readonly dropped: number;
  /** Happened while nobody listened. */
  readonly unheard: number;
  readonly listeners: number;
  readonly streams: number;
  readonly tooManyPings: number;
  /** True when `start` has nothing left to do. */
  readonly isFinished: boolean;
}

const tickMs = 10;
const methodPrefix = "/tetragon.FineGuidanceSensors/";

/** A Tetragon agent without a kernel: events that were recorded, every way in which its stream can go wrong. */
export class TetragonEmulator implements AsyncDisposable {
  readonly codec: EventCodec = new EventCodec();
  readonly #options: TetragonEmulatorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #server: AgentServer;
  readonly #known: KnownProcesses = new KnownProcesses();
  readonly #timers: Set<ClockTimer> = new Set();
  #listeners: Set<Listener> = new Set();
  #metricsServer: Server | undefined;
  #unavailable = 0;
  #counts = { happened: 0, sent: 0, dropped: 0, unheard: 0, streams: 0 };
  #finished: PromiseWithResolvers<void> = Promise.withResolvers();
  #isFinished = true;
  #serial = 0;
  #lastExec: Json | undefined;
  readonly #encoded: (AgentEvent | undefined)[] = [];
  /** Extra metrics lines, by name. */
  readonly losses: Map<string, number> = new Map();

  constructor(options: TetragonEmulatorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = seededRandom(options.seed ?? 1);
    this.#server = new AgentServer({ ...options, clock: this.#clock }, (stream, path) => this.#call(stream, path));
  }

  /** Where it listens; a port 0 has become a real one. */
  get address(): string {
    return this.#server.address;
  }

  /** Where its metrics are; empty when nowhere. */
  get metricsUrl(): string {
    const at = this.#metricsServer?.address();
    return typeof at === "object" && at !== null ? `http://127.0.0.1:${at.port}/metrics` : "";
  }

  /** Resolves when `start` has nothing left to do: everything happened, delayed events too. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async listen(): Promise<void> {
    await this.#server.listen();
    const { metricsAddress } = this.#options;
    if (metricsAddress === undefined || this.#metricsServer !== undefined) return;
    const server = createHttpServer((_request, response) => response.end(this.#metricsPage()));
    const [host, port] = metricsAddress.split(":");
    await new Promise<void>((resolve) => server.listen(Number(port), host, resolve));
    this.#metricsServer = server;
  }

  counts(): EmulatorCounts {
    let { sent, dropped } = this.#counts;
    for (const listener of this.#listeners) {
      sent += listener.sent;
      dropped += listener.dropped;
    }
    const { tooManyPings } = this.#server;
    return {
      ...this.#counts,
      sent,
      dropped,
      listeners: this.#listeners.size,
      tooManyPings,
      isFinished: this.#isFinished,
    };
  }

  /** Resolves when somebody listens. */
  async firstClient(): Promise<void> {
    while (this.#listeners.size === 0) {
      await new Promise<void>((resolve) => this.#later(resolve, tickMs));
    }
  }

  /** Lets events happen now. */
  emit(...events: readonly Json[]): void {
    for (const json of events) {
      if (memberOf(json)[0] === "process_exec") this.#lastExec = json;
      this.#happen(agentEvent(this.codec, json));
    }
  }

  /** Lets strange events happen now, made from the last execution. */
  emitStrange(kind: StrangeKind): void {
    const exec = this.#lastExec ?? {
      process_exec: { process: { exec_id: "x", pid: 1, binary: "/bin/x" } },
      node_name: "node-1",
    };
    for (const event of strangeEvents(this.codec, kind, exec, ++this.#serial)) this.#happen(event);
  }

  /** Goes through the events at the configured rate, from the beginning. */
  start(): void {
    this.#finished = Promise.withResolvers();
    this.#isFinished = false;
    const { events = [], rate = "asap" } = this.#options;
    const startMs = this.#clock.monotonicMs();
    const firstMs = Date.parse(String(events[0]?.["time"]));
    const run = { next: 0, total: events.length * (this.#options.loops ?? 1), startMs, firstMs, bursts: 0 };
    this.#tick(run, rate);
  }

  /** New streams are refused with UNAVAILABLE this many times; those that are open end with it now. */
  failUnavailable(times: number): void {
    this.#unavailable = times;
    for (const { stream } of this.#listeners) endWith(stream, 14, "the agent is restarting");
  }

  /** The connections are said to go away. @param code - 0: gracefully. */
  goAway(code = 0): void {
    this.#server.goAway(code);
  }

  /** Every stream is reset in the middle of a message. */
  resetInsideMessage(): void {
    for (const { stream } of this.#listeners) {
      if (!stream.headersSent) startBody(stream);
      stream.write(Buffer.from([0, 0, 0, 1, 0, 10, 5]), () => stream.close(2));
    }
  }

  /** Nothing comes any more, nothing is closed; needs `canFallSilent`. */
  fallSilent(): void {
    this.#server.fallSilent();
  }

  /** The agent stops and starts again; a unix socket's file is replaced. @param downMs - how long it is away. */
  async restart(downMs = 0): Promise<void> {
    await this.#server.close();
    await new Promise<void>((resolve) => {
      if (downMs === 0) resolve();
      else this.#later(resolve, downMs);
    });
    await this.#server.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#metricsServer?.closeAllConnections();
    this.#metricsServer?.close();
    await this.#server.close();
  }

  #tick(run: { next: number; total: number; startMs: number; firstMs: number; bursts: number }, rate: EventRate): void {
    const elapsedMs = this.#clock.monotonicMs() - run.startMs;
    const { burst, speed = 1, events = [] } = this.#options;
    const isFast = rate === "asap" || rate === "lossless";
    let due = isFast ? run.next + 2000 : 0;
    if (rate === "lossless") due = Math.min(due, run.next + this.#room());
    if (typeof rate === "number") due = Math.floor((elapsedMs * rate) / 1000);
    if (burst !== undefined) due += Math.floor(elapsedMs / burst.everyMs) * burst.size;
    while (run.next < run.total) {
      const json = events[run.next % events.length]!;
      const isDue =
        rate === "recorded" ? Date.parse(String(json["time"])) - run.firstMs <= elapsedMs * speed : run.next < due;
      if (!isDue) break;
      this.#step(json, run.next % events.length, Math.floor(run.next / events.length));
      run.next += 1;
    }
    if (run.next < run.total) this.#later(() => this.#tick(run, rate), isFast ? 0 : tickMs);
    else this.#finishWhenIdle();
  }

  #step(json: Json, index: number, loop: number): void {
    const { delayed, rewritesTime = false, keepsIds = false, strange } = this.#options;
    if (keepsIds && !rewritesTime && delayed === undefined && strange === undefined) {
      this.#encoded[index] ??= agentEvent(this.codec, json);
      this.#happen(this.#encoded[index]);
      return;
    }
    let event = inLoop(json, keepsIds ? 0 : loop);
    if (rewritesTime) event = atTime(event, this.#clock.now());
    if (delayed !== undefined && this.#random() < delayed.share) {
      const late = this.#random() < delayed.lostPodShare ? withoutPod(event) : event;
      const waitMs = delayed.minMs + this.#random() * (delayed.maxMs - delayed.minMs);
      this.#later(() => this.emit(late), waitMs);
    } else this.emit(event);
    if (strange === undefined || this.#counts.happened % strange.every !== 0) return;
    for (const kind of strange.kinds) this.emitStrange(kind);
  }

  /** How much the slowest client can still take. */
  #room(): number {
    const { maxQueued = 10_000 } = this.#options;
    let room = maxQueued;
    for (const listener of this.#listeners) room = Math.min(room, maxQueued - listener.queued);
    return room;
  }

  #finishWhenIdle(): void {
    if (this.#isFinished || this.#timers.size > 0) return;
    this.#isFinished = true;
    this.#finished.resolve();
  }

  #later(callback: () => void, delayMs: number): void {
    const timer = this.#clock.startTimer(() => {
      this.#timers.delete(timer);
      callback();
      if (this.#timers.size === 0 && !this.#isFinished) queueMicrotask(() => this.#finishWhenIdle());
    }, delayMs);
    this.#timers.add(timer);
  }

  #happen(event: AgentEvent): void {
    this.#counts.happened += 1;
    if (this.#listeners.size === 0) this.#counts.unheard += 1;
    if (this.#options.replaysAtConnect === true) this.#known.saw(event.json);
    this.#options.onEvent?.(event.json);
    for (const listener of this.#listeners) listener.offer(event);
  }

  #call(stream: ServerHttp2Stream, path: string): void {
    stream.on("error", () => {});
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.once("end", () => this.#answer(stream, path.slice(methodPrefix.length), Buffer.concat(parts).subarray(5)));
  }

  #answer(stream: ServerHttp2Stream, method: string, request: Buffer): void {
    const { version = "v1.7.0", unimplemented = [] } = this.#options;
    this.#server.wrote(stream.session);
    if (unimplemented.includes(method)) endWith(stream, 12, `unknown method ${method}`);
    else if (method === "GetEvents") this.#subscribe(stream, request);
    else if (method === "GetVersion") this.#reply(stream, "GetVersionResponse", { version });
    else if (method === "GetHealth") {
      const status = { event: "HEALTH_STATUS_TYPE_STATUS", status: "HEALTH_STATUS_RUNNING", details: "running" };
      this.#reply(stream, "GetHealthStatusResponse", { health_status: [status] });
    } else if (method === "ListTracingPolicies") {
      const policies = [
        { id: "1", name: "file-monitoring", enabled: true, state: "TP_STATE_ENABLED", sensors: ["generic_kprobe"] },
      ];
      this.#reply(stream, "ListTracingPoliciesResponse", { policies });
    } else endWith(stream, 12, `unknown method ${method}`);
  }

  #subscribe(stream: ServerHttp2Stream, request: Buffer): void {
    if (this.#unavailable > 0) {
      this.#unavailable -= 1;
      endWith(stream, 14, "the agent is not ready");
      return;
    }
    const { version = "v1.7.0", maxQueued = 10_000, replaysAtConnect = false } = this.#options;
    const minor = Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 7);
    const listener = new Listener(stream, {
      wants: compileFilters(this.codec.decode("GetEventsRequest", request), minor),
      maxQueued,
      beforeWrite: () => {
        this.#server.wrote(stream.session);
        // As in Go, not even headers are sent before the first event.
        if (!stream.headersSent) startBody(stream);
      },
    });
    this.#counts.streams += 1;
    this.#listeners.add(listener);
    stream.once("close", () => {
      this.#listeners.delete(listener);
      this.#counts.sent += listener.sent;
      this.#counts.dropped += listener.dropped;
    });
    if (!replaysAtConnect) return;
    for (const json of this.#known.replay("node-1")) listener.offer(agentEvent(this.codec, json));
  }

  #reply(stream: ServerHttp2Stream, message: string, json: Json): void {
    startBody(stream);
    stream.end(frameOf(this.codec.encode(message, json)));
  }

  #metricsPage(): string {
    const { dropped, happened } = this.counts();
    return [
      "# HELP tetragon_notify_overflowed_events_total The total number of events dropped because listener buffer was full",
      "# TYPE tetragon_notify_overflowed_events_total counter",
      `tetragon_notify_overflowed_events_total ${dropped}`,
      `tetragon_events_total{type="PROCESS_EXEC"} ${happened}`,
      ...[...this.losses].map(([name, value]) => `${name} ${value}`),
      "",
    ].join("\n");
  }
}

function startBody(stream: ServerHttp2Stream): void {
  stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
}

function endWith(stream: ServerHttp2Stream, code: number, message: string): void {
  if (stream.destroyed) return;
  const status = { "grpc-status": String(code), "grpc-message": encodeURIComponent(message) };
  if (!stream.headersSent) {
    stream.respond({ "content-type": "application/grpc", ...status }, { endStream: true });
    return;
  }
  stream.removeAllListeners("wantTrailers");
  stream.once("wantTrailers", () => stream.sendTrailers(status));
  stream.end();
}

/** Starts an emulated agent; the events begin with `start`. */
export async function openTetragonEmulator(options: TetragonEmulatorOptions): Promise<TetragonEmulator> {
  const emulator = new TetragonEmulator(options);
  await emulator.listen();
  return emulator;
}
