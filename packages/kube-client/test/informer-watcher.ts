import { systemClock, type Clock } from "@kinglet/lifecycle";
import { waitFor } from "@kinglet/testing";
import { expect } from "vitest";
import {
  checkConsistency,
  createInformer,
  type Informer,
  type InformerOptions,
  type KubeClient,
  type KubeMetadata,
  type KubeObject,
  type ResourceDefinition,
} from "../src/index.ts";

export interface Secret extends KubeObject {
  readonly metadata: KubeMetadata & { readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

/** A kind of which no controller makes objects of its own. */
export const secrets: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
};

/** A minute passes in 3 s. */
const SPEED = 20;
export const fastClock: Clock = {
  now: () => systemClock.now() * SPEED,
  monotonicMs: () => systemClock.monotonicMs() * SPEED,
  startTimer: (callback, delayMs) => systemClock.startTimer(callback, delayMs / SPEED),
};

export function secret(namespace: string, name: string, labels: Record<string, string> = {}, text = "eA=="): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace, labels }, data: { text } };
}

/** An informer of one namespace with the history of each object that a handler saw. */
export class Watcher implements AsyncDisposable {
  readonly informer: Informer<Secret>;
  readonly history: string[] = [];
  readonly #client: KubeClient;
  readonly #select: { readonly namespace: string; readonly labelSelector?: string };
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    client: KubeClient,
    select: { readonly namespace: string; readonly labelSelector?: string },
    options: InformerOptions,
  ) {
    this.#client = client;
    this.#select = select;
    this.informer = createInformer<Secret>(client, secrets, {
      projection: { paths: ["metadata.labels", "data"] },
      clock: fastClock,
      freeze: true,
      ...select,
      ...options,
    });
    const versions = new Map<string, number>();
    const note = (kind: string, { metadata }: KubeObject): void => {
      this.history.push(`${kind}${metadata.name}`);
      // Per incarnation, versions only grow.
      expect(Number(metadata.resourceVersion)).toBeGreaterThanOrEqual(versions.get(metadata.uid) ?? 0);
      versions.set(metadata.uid, Number(metadata.resourceVersion));
    };
    this.informer.addHandler({
      onAdd: (added) => note("+", added),
      onUpdate: (now) => note("=", now),
      onDelete: (gone, { tombstone }) => note(tombstone ? "x" : "-", gone),
    });
    this.#running = this.informer.run({ signal: this.#stop.signal });
  }

  /** Resolves when the store shows all that was written so far: compared with the server at the same version. */
  async settle(client: KubeClient = this.#client): Promise<void> {
    await waitFor(
      async () => {
        const { resourceVersion } = await client.list(secrets, { ...this.#select, metadataOnly: true });
        const names = (await client.list<Secret>(secrets, this.#select)).items.map(stateOf).sort();
        const held = [...this.informer.values()].map(stateOf).sort();
        return held.join() === names.join() && resourceVersion !== "";
      },
      { timeoutMs: 60_000, intervalMs: 50, describe: () => `the informer, ${JSON.stringify(this.informer.status)}` },
    );
    const report = await checkConsistency(client, secrets, this.informer, this.#select);
    expect(report).toMatchObject({ mismatchCount: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function stateOf({ metadata }: KubeObject): string {
  return `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`;
}
