import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterFixture } from "@kinglet/testing";
import { deployment } from "./admission-requests.ts";
import { LoadTally, type LoadReport } from "./load-tally.ts";

const path = "/apis/apps/v1/namespaces/shop/deployments?dryRun=All";
/** How long the API server waits for the webhook, milliseconds. */
const patienceMs = 10_000;
/** The API server itself may be away that long, milliseconds. */
const awayMs = 30_000;

/**
 * Dry-run requests to an API server, as many as it takes from a few clients who wait for each answer. A review is lost where the API server says that the
 * webhook failed; while the API server is away requests are repeated, which says nothing about the webhook.
 */
export class DryRunLoad implements AsyncDisposable {
  readonly #cluster: ClusterFixture;
  readonly #isRight: (isPrivileged: boolean, isAllowed: boolean) => boolean;
  readonly #agent: Agent;
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #underWay = new Set<Promise<void>>();
  #tally = new LoadTally();
  #next = 0;

  constructor(
    cluster: ClusterFixture,
    clients: number,
    isRight: (isPrivileged: boolean, isAllowed: boolean) => boolean,
  ) {
    this.#cluster = cluster;
    this.#isRight = isRight;
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients, ca: cluster.caPem });
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#run()));
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
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const asked = this.#ask(this.#next++, this.#tally);
      this.#underWay.add(asked);
      await asked;
      this.#underWay.delete(asked);
    }
  }

  async #ask(at: number, tally: LoadTally): Promise<void> {
    const isPrivileged = at % 2 === 0;
    const body = JSON.stringify(deployment(`dry-${String(at)}`, isPrivileged));
    const startMs = performance.now();
    const answer = await this.#send(body).catch(() => undefined);
    if (answer === undefined || answer.status === 429 || answer.status === 503) {
      tally.fail("API server away");
      await delay(50);
    } else if (answer.status === 201 || (answer.status === 403 && answer.text.includes("Kinglet refused"))) {
      const tookMs = performance.now() - startMs;
      tally.times.push(tookMs);
      if (tookMs > patienceMs) tally.late++;
      if (!this.#isRight(isPrivileged, answer.status === 201)) tally.wrong++;
    } else {
      tally.lost++;
      tally.fail(`${String(answer.status)} ${reasonIn(answer.text)}`);
    }
  }

  #send(body: string): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.#cluster.server),
        {
          method: "POST",
          agent: this.#agent,
          signal: AbortSignal.timeout(awayMs),
          headers: {
            authorization: `Bearer ${this.#cluster.adminToken}`,
            accept: "application/json",
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
          },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            text += part;
          });
          answer.on("error", reject);
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}

/** The end of a message, where the reason is. */
function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message: string };
    return message.split(": ").slice(-2).join(": ").slice(0, 80);
  } catch {
    return text.slice(0, 80);
  }
}
