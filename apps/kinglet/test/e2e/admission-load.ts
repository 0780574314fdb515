import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { serverName } from "./admission-fleet.ts";
import { deployment } from "./admission-requests.ts";
import { LoadTally, type LoadReport } from "./load-tally.ts";

/** The caller's patience, which it tells, milliseconds. */
const patienceMs = 3000;
/** Calls to webhooks that an API server keeps open. */
const maxSockets = 64;

/** Where reviews are sent. */
export interface LoadTarget {
  /** Ports of the replicas that are ready, as a Service knows them. */
  endpoints(): readonly number[];
  /** What the caller trusts now, PEM. */
  trusted(): string;
  /** Whether an answer is right; every other Deployment is privileged. */
  isRight(isPrivileged: boolean, isAllowed: boolean): boolean;
}

/** Reviews at a fixed rate, due when they are due whatever became of those before; one that fails is sent to another replica at once. */
export class ReviewLoad implements AsyncDisposable {
  readonly #target: LoadTarget;
  readonly #rate: number;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #agents: Agent[] = [];
  #ca = "";
  #tally = new LoadTally();

  constructor(target: LoadTarget, rate: number) {
    this.#target = target;
    this.#rate = rate;
    this.#running = this.#run();
  }

  /** Ends a phase, when everything sent in it has come to an end; the next one begins. */
  async phase(name: string): Promise<LoadReport> {
    const tally = this.#tally;
    const sent = [...this.#underWay];
    this.#tally = new LoadTally();
    await Promise.all(sent);
    return tally.report(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#underWay);
    for (const agent of this.#agents) agent.destroy();
  }

  async #run(): Promise<void> {
    const startMs = performance.now();
    for (let at = 0; !this.#stopping.signal.aborted; at++) {
      const dueMs = startMs + (at * 1000) / this.#rate;
      if (dueMs > performance.now()) await delay(dueMs - performance.now());
      const sent = this.#review(at, this.#tally);
      this.#underWay.add(sent);
      void sent.finally(() => this.#underWay.delete(sent));
    }
  }

  async #review(at: number, tally: LoadTally): Promise<void> {
    const startMs = performance.now();
    const isPrivileged = at % 2 === 0;
    const body = reviewOf(at, isPrivileged);
    const tried: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const ports = this.#target.endpoints();
      const others = ports.filter((port) => !tried.includes(port));
      const choice = others.length > 0 ? others : ports;
      const port = choice[(at + attempt) % Math.max(1, choice.length)];
      const leftMs = patienceMs - (performance.now() - startMs);
      if (port === undefined || leftMs <= 0) break;
      tried.push(port);
      try {
        const { uid, allowed } = await this.#send(port, body, leftMs);
        const tookMs = performance.now() - startMs;
        tally.times.push(tookMs);
        if (tookMs > patienceMs) tally.late++;
        if (uid !== uidOf(at) || !this.#target.isRight(isPrivileged, allowed)) tally.wrong++;
        return;
      } catch (error) {
        const { code = "", message } = error as NodeJS.ErrnoException;
        const reason = code === "" ? message : code;
        tally.fail(reason);
      }
    }
    tally.lost++;
  }

  #send(port: number, body: string, leftMs: number): Promise<{ readonly uid: string; readonly allowed: boolean }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: "127.0.0.1",
          port,
          servername: serverName,
          method: "POST",
          path: `/validate?timeout=${String(patienceMs / 1000)}s`,
          agent: this.#agent(),
          signal: AbortSignal.timeout(Math.ceil(leftMs)),
          headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            text += part;
          });
          answer.on("error", reject);
          answer.on("end", () => {
            if (answer.statusCode !== 200) reject(new Error(`status ${String(answer.statusCode)}`));
            else resolve((JSON.parse(text) as { response: { uid: string; allowed: boolean } }).response);
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  /** As API servers do it: with other authorities come other connections, and those that are under way end by themselves. */
  #agent(): Agent {
    const ca = this.#target.trusted();
    const newest = this.#agents.at(-1);
    if (newest !== undefined && ca === this.#ca) return newest;
    this.#ca = ca;
    const agent = new Agent({ keepAlive: true, maxSockets, ca });
    this.#agents.push(agent);
    return agent;
  }
}

function uidOf(at: number): string {
  return `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
}

function reviewOf(at: number, isPrivileged: boolean): string {
  const name = `load-${String(at)}`;
  const object = deployment(name, isPrivileged) as { readonly metadata: object };
  const kind = { group: "apps", version: "v1", kind: "Deployment" };
  const resource = { group: "apps", version: "v1", resource: "deployments" };
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: uidOf(at),
      ...{ kind, resource, requestKind: kind, requestResource: resource },
      ...{ name, namespace: "shop", operation: "CREATE", dryRun: true },
      userInfo: { username: "ann", groups: ["system:authenticated"] },
      object: { ...object, metadata: { ...object.metadata, namespace: "shop" } },
      oldObject: null,
    },
  });
}
