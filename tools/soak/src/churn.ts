import { namespaces, type KubeClient } from "@kinglet/kube-client";
import { sleep } from "@kinglet/lifecycle";
import { apiVersionOf, type SoakKind } from "./soak-kinds.ts";

const NAMESPACES = ["soak-0", "soak-1", "soak-2", "soak-3"] as const;
const PARALLEL_WRITES = 16;
/** Share of the changes that delete an object and make it again. */
const RECREATED = 0.1;

/** Makes the objects, then changes them all the time: their number stays the same. */
export class Churn implements AsyncDisposable {
  readonly #client: KubeClient;
  readonly #kinds: readonly SoakKind[];
  readonly #random: () => number;
  readonly #counts: readonly number[];
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isPaused = true;
  #inFlight = 0;
  /** Writes that were done. */
  writes = 0;

  /** @param client - of its own, past all faults but those of the server itself. */
  constructor(
    client: KubeClient,
    kinds: readonly SoakKind[],
    options: { readonly objects: number; readonly random: () => number },
  ) {
    this.#client = client;
    this.#kinds = kinds;
    this.#random = options.random;
    this.#counts = kinds.map(({ share }) => Math.max(10, Math.round(options.objects * share)));
  }

  async fill(onProgress: (made: number) => void): Promise<void> {
    for (const name of NAMESPACES) {
      await this.#client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    let made = 0;
    for (const [index, kind] of this.#kinds.entries()) {
      const count = this.#counts[index]!;
      let next = 0;
      const work = async (): Promise<void> => {
        while (next < count) {
          await this.#create(kind, next++);
          if (++made % 2000 === 0) onProgress(made);
        }
      };
      await Promise.all(Array.from({ length: PARALLEL_WRITES }, work));
    }
  }

  /** @param writesPerSecond - about, of all kinds together. */
  start(writesPerSecond: number): void {
    this.#isPaused = false;
    this.#running = this.#run(1000 / writesPerSecond);
  }

  /** No write is under way when this resolves. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#inFlight > 0) await sleep(5);
  }

  resume(): void {
    this.#isPaused = false;
  }

  /**
   * Many changes at once.
   *
   * @param recreated - share of them that delete an object and make it again.
   */
  async burst(writes: number, recreated: number = RECREATED): Promise<void> {
    let left = writes;
    const work = async (): Promise<void> => {
      while (left-- > 0 && !this.#stop.signal.aborted) await this.#writeSomething(recreated);
    };
    await Promise.all(Array.from({ length: PARALLEL_WRITES }, work));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(everyMs: number): Promise<void> {
    try {
      for (;;) {
        await sleep(everyMs, { signal: this.#stop.signal });
        if (!this.#isPaused) await this.#writeSomething(RECREATED);
      }
    } catch {
      // Rejects only when stopped: writes handle their own faults.
    }
  }

  async #writeSomething(recreated: number): Promise<void> {
    this.#inFlight++;
    try {
      const at = Math.floor(this.#random() * this.#kinds.length);
      const kind = this.#kinds[at]!;
      const index = Math.floor(this.#random() * this.#counts[at]!);
      const { name, namespace } = placeOf(index);
      if (this.#random() < recreated) {
        await this.#client.delete(kind.resource, name, { namespace }).catch(ignoreMissing);
        await this.#create(kind, index);
      } else {
        const patch = { metadata: { labels: { round: String(this.writes) } } };
        await this.#client.patch(kind.resource, name, patch, { namespace, type: "merge" });
      }
      this.writes++;
    } catch {
      // The server is down or refuses on purpose: what counts is what it has in the end. An object that could not be made again is made by the next.
    } finally {
      this.#inFlight--;
    }
  }

  async #create({ resource, content }: SoakKind, index: number): Promise<void> {
    const text = `${index} ${"x".repeat(100)}`;
    await this.#client.create(resource, {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: { ...placeOf(index), labels: { soak: "yes", round: "0" } },
      ...content(text),
    });
  }
}

function placeOf(index: number): { readonly name: string; readonly namespace: string } {
  return { name: `object-${index}`, namespace: NAMESPACES[index % NAMESPACES.length]! };
}

function ignoreMissing(error: unknown): void {
  if ((error as { readonly code?: string }).code !== "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND") throw error;
}
