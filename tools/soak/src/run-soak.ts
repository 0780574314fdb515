import { createKubeClient, createTransport, objectKey, type KubeClient, type KubeObject } from "@kinglet/kube-client";
import { sleep } from "@kinglet/lifecycle";
import { createMetrics, type MetricsRegistry } from "@kinglet/metrics";
import { AccountTokens } from "./account-tokens.ts";
import { answerFaults } from "./answer-faults.ts";
import { Churn } from "./churn.ts";
import { connectionFaults } from "./connection-faults.ts";
import { CredentialFiles } from "./credential-files.ts";
import { credentialFaults } from "./credential-faults.ts";
import { FaultyTransport } from "./faulty-transport.ts";
import { frameFaults } from "./frame-faults.ts";
import { heapProblem } from "./heap-problem.ts";
import { heapTrend, type HeapSample } from "./heap-trend.ts";
import { ScaledClock } from "./scaled-clock.ts";
import { seededRandom, shuffled } from "./seeded-random.ts";
import type { FaultContext, SoakFault } from "./soak-fault.ts";
import { soakKinds } from "./soak-kinds.ts";
import type { SoakOptions } from "./soak-options.ts";
import { openSoakServer, type SoakServer } from "./soak-server.ts";
import { stateOf, WatchedKind } from "./watched-kind.ts";

/** What a run is to do. */
export type SoakPlan = Pick<SoakOptions, "seed" | "minutes" | "isReal" | "speed" | "objects"> & {
  /** Ends when every fault has been made once, whatever the time. @defaultValue false */
  readonly isOneRound?: boolean;
};

/** One fault and what became of it. */
interface FaultReport {
  readonly name: string;
  /** Answers and pieces of them that it changed, where it lies in wait for them. */
  readonly met?: number;
  /** From the end of the fault until every store and handler shows the server's state, real milliseconds. */
  readonly recoveredMs: number;
  /** Requests of all informers per minute of the client's time, during the fault and the recovery. */
  readonly requestsPerMinute: number;
}

export interface SoakReport {
  readonly server: string;
  readonly seed: number;
  readonly minutes: number;
  readonly speed: number;
  readonly objects: number;
  readonly writes: number;
  readonly faults: readonly FaultReport[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Empty: every invariant held. */
  readonly violations: readonly string[];
  /** Share by which the heap grows in 10 minutes after warm-up, and the samples. */
  readonly heapTrendPer10Minutes: number | undefined;
  readonly heap: readonly HeapSample[];
  /** When the heap was warm, by the samples' time; undefined: never. */
  readonly warmAtMs: number | undefined;
}

const WRITES_PER_SECOND = 100;
/** Of the client that fills and changes: the server's own limits are enough. */
const UNLIMITED = { perSecond: 100_000, burst: 100_000 };
const HOLD_MS = 20_000;
/** Above all waits of a client that is careful after earlier faults: the longest are the 10 minutes in which it streams no lists. */
const MAX_AMBUSH_MS = 1_200_000;
const AGAIN_MS = 200_000;
/** After this long without a fault a client's back-off starts over. */
const CALM_MS = 190_000;
/** Longest wait of a client: twice the cap of a missing kind, and a connection that is found dead; in its own time. */
const RECOVERY_MS = 600_000;
/** Per informer: two attempts in the first seconds of a back-off are three requests. */
const MAX_REQUESTS_PER_MINUTE = 60;
/** Writes per object after which hardly one is left as it was listed (e^-5 of them). */
const WARM_WRITES_PER_OBJECT = 5;
/**
 * Of these writes, so many delete and make again: a Map of V8 that is filled once doubles when it has seen as many deletions as it has free places, which
 * for 10,000 entries would else come in the middle of a run, as a step of 2 MB.
 */
const WARM_RECREATED = 0.5;
/** Runs that are shorter do not judge the heap. */
const JUDGED_MINUTES = 30;
const MAX_VIOLATIONS = 100;

/**
 * Makes every fault in random order, round after round, until the time is up, and checks after each that nothing was lost.
 *
 * @param say - progress, one line at a time.
 */
export async function runSoak(options: SoakPlan, say: (line: string) => void): Promise<SoakReport> {
  const run = new SoakRun(options, say);
  const socketsBefore = openSockets();
  await run.run();
  // Sockets that were destroyed are gone a turn or two of the loop later.
  for (let look = 0; look < 100 && openSockets() > socketsBefore; look++) await sleep(20);
  if (openSockets() > socketsBefore) run.violate(`${openSockets() - socketsBefore} sockets are left after the end`);
  return run.report();
}

class SoakRun {
  readonly #options: SoakPlan;
  readonly #say: (line: string) => void;
  readonly #random: () => number;
  readonly #clock: ScaledClock;
  readonly #metrics: MetricsRegistry = createMetrics();
  readonly #violations: string[] = [];
  readonly #faults: FaultReport[] = [];
  readonly #leftOut: { readonly name: string; readonly why: string }[] = [];
  readonly #heap: HeapSample[] = [];
  #warmAtMs: number | undefined;
  #serverName = "";
  #writes = 0;

  constructor(options: SoakPlan, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
    this.#random = seededRandom(options.seed);
    this.#clock = new ScaledClock(options.speed);
  }

  async run(): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await openSoakServer(this.#options.isReal, this.#random));
    this.#serverName = server.name;
    const direct = stack.use(createKubeClient(server.direct, { writeRate: UNLIMITED }));
    const files = stack.use(await CredentialFiles.open());
    const tokens = new AccountTokens(direct);
    await tokens.prepare();
    const token = await tokens.issue();
    await Promise.all([files.writeAuthority(server.authority), files.writeToken(token.token)]);
    const kinds = soakKinds();
    const churn = stack.use(new Churn(direct, kinds, { objects: this.#options.objects, random: this.#random }));
    this.#say(`filling ${server.name} with ${this.#options.objects} objects`);
    await churn.fill((made) => this.#say(`${made} objects`));
    const access = await files.access(server.url, this.#clock);
    const transport = new FaultyTransport(createTransport(access, { clock: this.#clock }));
    const client = createKubeClient(access, { transport, clock: this.#clock, metrics: this.#metrics });
    const beside = createKubeClient(access, {
      transport: transport.beside(),
      clock: this.#clock,
      readRate: UNLIMITED,
    });
    const watched = kinds.map(
      (kind) =>
        new WatchedKind(client, kind, {
          clock: this.#clock,
          random: this.#random,
          metrics: this.#metrics,
          violate: (text) => this.violate(text),
        }),
    );
    await Promise.all(watched.map(({ informer }) => informer.waitForSync({ signal: AbortSignal.timeout(120_000) })));
    this.#say(`in sync: ${watched.map(({ informer, kind }) => `${informer.size} ${kind.resource.plural}`).join(", ")}`);
    if (this.#isJudged) {
      this.#say("warming up: every object is written a few times");
      await churn.burst(this.#options.objects * WARM_WRITES_PER_OBJECT, WARM_RECREATED);
    }
    churn.start(WRITES_PER_SECOND);
    const context: FaultContext = {
      server,
      transport,
      clock: this.#clock,
      churn,
      files,
      tokens,
      token,
      beside,
      random: this.#random,
      sleep: (clientMs) => sleep(clientMs / this.#options.speed),
    };
    const faults = this.#faultsFor(server);
    const endMs = Date.now() + this.#options.minutes * 60_000;
    const { isOneRound = false } = this.#options;
    for (let round = 0; isOneRound ? round === 0 : Date.now() < endMs; round++) {
      for (const fault of shuffled(faults, this.#random)) {
        if (!isOneRound && Date.now() >= endMs) break;
        await this.#suffer(fault, context, watched, direct);
        this.#sampleHeap(churn.writes);
        this.#sayLast();
        // Half of the faults meet a client whose back-off has started over, the others one that is still careful.
        if (!isOneRound && this.#random() < 0.5) await context.sleep(CALM_MS);
      }
    }
    await churn.pause();
    this.#writes = churn.writes;
    await Promise.all(watched.map((one) => one[Symbol.asyncDispose]()));
    await beside[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    if (this.#clock.pendingTimers > 0) this.violate(`${this.#clock.pendingTimers} timers are left after the end`);
  }

  violate(text: string): void {
    this.#say(`VIOLATION ${text}`);
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(text);
  }

  report(): SoakReport {
    const { seed, minutes, speed, objects } = this.#options;
    const problem = this.#isJudged ? heapProblem(this.#heap, this.#warmAtMs) : undefined;
    if (problem !== undefined) this.violate(problem);
    return {
      server: this.#serverName,
      seed,
      minutes,
      speed,
      objects,
      writes: this.#writes,
      faults: this.#faults,
      leftOut: this.#leftOut,
      violations: this.#violations,
      heapTrendPer10Minutes: heapTrend(this.#heap, this.#warmAtMs),
      heap: this.#heap,
      warmAtMs: this.#warmAtMs,
    };
  }

  get #isJudged(): boolean {
    const { minutes, isOneRound = false } = this.#options;
    return minutes >= JUDGED_MINUTES && !isOneRound;
  }

  #faultsFor(server: SoakServer): SoakFault[] {
    const made: SoakFault[] = [];
    for (const fault of [...connectionFaults(), ...credentialFaults(), ...answerFaults(), ...frameFaults()]) {
      const why = fault.leftOut?.(server);
      if (why === undefined) made.push(fault);
      else this.#leftOut.push({ name: fault.name, why });
    }
    return made;
  }

  async #suffer(
    fault: SoakFault,
    context: FaultContext,
    watched: readonly WatchedKind[],
    direct: KubeClient,
  ): Promise<void> {
    const { transport, churn } = context;
    const requests = transport.requests;
    const metBefore = transport.met;
    const startedMs = this.#clock.monotonicMs();
    let undo: (() => unknown) | undefined;
    try {
      undo = (await fault.make(context)) ?? undefined;
      await context.sleep(fault.holdMs ?? HOLD_MS);
      if (fault.isAmbush === true) await this.#waitUntilMet(fault, context, metBefore);
    } catch (error) {
      this.violate(`${fault.name}: could not be made: ${String(error)}`);
    }
    try {
      await undo?.();
    } catch (error) {
      this.violate(`${fault.name}: ${String(error)}`);
    }
    const endedMs = Date.now();
    await churn.pause();
    for (const one of watched) await this.#converge(fault, one, direct);
    churn.resume();
    const recoveredMs = Date.now() - endedMs;
    const met = transport.met - metBefore;
    const minutes = (this.#clock.monotonicMs() - startedMs) / 60_000;
    const requestsPerMinute = (transport.requests - requests) / minutes;
    this.#faults.push({
      name: fault.name,
      ...(met === 0 ? {} : { met }),
      recoveredMs,
      requestsPerMinute: Math.round(requestsPerMinute * 10) / 10,
    });
    if (requestsPerMinute > MAX_REQUESTS_PER_MINUTE * watched.length) {
      this.violate(`${fault.name}: ${Math.round(requestsPerMinute)} requests a minute`);
    }
  }

  async #waitUntilMet(fault: SoakFault, context: FaultContext, before: number): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    let againMs = startMs + AGAIN_MS;
    while (context.transport.met === before) {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs > startMs + MAX_AMBUSH_MS) throw new Error("no answer came its way");
      if (nowMs > againMs) {
        await fault.again?.(context);
        againMs = this.#clock.monotonicMs() + AGAIN_MS;
      }
      await context.sleep(5000);
    }
  }

  #sayLast(): void {
    const fault = this.#faults.at(-1);
    if (fault === undefined) return;
    const { name, recoveredMs, requestsPerMinute } = fault;
    const megabytes = ((this.#heap.at(-1)?.bytes ?? 0) / 1e6).toFixed(2);
    this.#say(
      `${this.#faults.length}. ${name}: recovered in ${recoveredMs} ms, ${requestsPerMinute} requests/min, heap ${megabytes} MB`,
    );
  }

  /** Waits until store and handlers show what the server has; nobody writes meanwhile. */
  async #converge(fault: SoakFault, one: WatchedKind, direct: KubeClient): Promise<void> {
    const served = new Map<string, string>();
    await direct.listEach<KubeObject>(one.kind.resource, {
      labelSelector: "soak=yes",
      metadataOnly: true,
      limit: 0,
      onItem: (object) => void served.set(objectKey(object), stateOf(object)),
      onRestart: () => served.clear(),
    });
    const deadlineMs = this.#clock.monotonicMs() + RECOVERY_MS;
    let difference: string | undefined;
    for (;;) {
      difference = one.difference(served);
      if (difference === undefined) return;
      if (this.#clock.monotonicMs() > deadlineMs) break;
      await sleep(100);
    }
    const { state, reason } = one.informer.status;
    this.violate(`${fault.name}: ${one.kind.resource.plural}: ${difference} (${state}: ${reason})`);
  }

  #sampleHeap(writes: number): void {
    if (globalThis.gc === undefined) {
      if (this.#isJudged) throw new Error("the heap can only be judged with --expose-gc");
    } else globalThis.gc();
    const atMs = Math.round(process.uptime() * 1000);
    this.#heap.push({ atMs, bytes: process.memoryUsage().heapUsed });
    if (writes >= this.#options.objects * WARM_WRITES_PER_OBJECT) this.#warmAtMs ??= atMs;
  }
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Socket/.test(name) && !/Server|Pipe|TTY/.test(name))
    .length;
}
