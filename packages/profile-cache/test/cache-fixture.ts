import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type LogFields, type Logger } from "@kinglet/logger";
import type { MetricDefinition, Metrics } from "@kinglet/metrics";
import {
  parseContainerProfile,
  type ApplicationProfile,
  type ContainerProfile,
  type NetworkNeighborhood,
} from "@kinglet/profile";
import { parseApplicationProfile, parseNetworkNeighborhood } from "@kinglet/profile/merging";

import type { ContainerRef } from "../src/container-ref.ts";
import type { ProfileCacheOptions } from "../src/profile-cache-options.ts";
import { loadProfileComposer, loadProfileRefresher } from "../src/lazy.ts";
import { ProfileCache } from "../src/profile-cache.ts";
import type { ProfileSource } from "../src/profile-source.ts";

// Loaded once, so that the first fetch of a test settles as fast as the others.
await loadProfileComposer();
await loadProfileRefresher();

interface CallOptions {
  readonly signal: AbortSignal;
}

/** Default interval. */
export const TICK_MS = 60_000;

export interface Call {
  readonly key: string;
  readonly signal: AbortSignal;
  resolve(object: Stored | undefined): void;
  reject(error: Error): void;
}

type Stored = ContainerProfile | ApplicationProfile | NetworkNeighborhood;

/** A store in memory whose answers can be held back, and that counts what it is asked. */
export class FakeSource implements ProfileSource {
  /** By `namespace/name`, with `ApplicationProfile/` or `NetworkNeighborhood/` in front of those. */
  readonly objects: Map<string, Stored> = new Map();
  readonly calls: Call[] = [];
  readonly open: Set<Call> = new Set();
  mostOpen = 0;
  /** True: calls wait until the test answers them. */
  isHeld = false;
  failure: Error | undefined;
  /** Failures of single objects, by key. */
  readonly failures: Map<string, Error> = new Map();
  #version = 0;

  put(name: string, spec: unknown = {}, status = "completed", uid = `uid-${name}`): ContainerProfile {
    const annotations = status === "" ? {} : { "kubescape.io/status": status, "kubescape.io/completion": "complete" };
    this.#version += 1;
    const metadata = { name, namespace: "shop", uid, resourceVersion: String(this.#version), annotations };
    const profile = parseContainerProfile({ metadata, spec });
    this.objects.set(`shop/${name}`, profile);
    return profile;
  }

  /** An authored profile: one without a status. */
  author(name: string, spec: unknown): ContainerProfile {
    return this.put(name, spec, "");
  }

  /** An ApplicationProfile with one section per container, or the whole spec. */
  putAp(name: string, sections: Readonly<Record<string, object>>): ApplicationProfile {
    const profile = parseApplicationProfile({
      metadata: this.#metadata(name),
      spec: {
        containers: Object.entries(sections).map(([container, section]) => Object.assign({ name: container }, section)),
      },
    });
    this.objects.set(`ApplicationProfile/shop/${name}`, profile);
    return profile;
  }

  putNn(name: string, sections: Readonly<Record<string, object>>): NetworkNeighborhood {
    const profile = parseNetworkNeighborhood({
      metadata: this.#metadata(name),
      spec: {
        containers: Object.entries(sections).map(([container, section]) => Object.assign({ name: container }, section)),
      },
    });
    this.objects.set(`NetworkNeighborhood/shop/${name}`, profile);
    return profile;
  }

  getContainerProfile(namespace: string, name: string, options: CallOptions): Promise<ContainerProfile | undefined> {
    return this.#call(`${namespace}/${name}`, options) as Promise<ContainerProfile | undefined>;
  }

  getApplicationProfile(
    namespace: string,
    name: string,
    options: CallOptions,
  ): Promise<ApplicationProfile | undefined> {
    return this.#call(`ApplicationProfile/${namespace}/${name}`, options) as Promise<ApplicationProfile | undefined>;
  }

  getNetworkNeighborhood(
    namespace: string,
    name: string,
    options: CallOptions,
  ): Promise<NetworkNeighborhood | undefined> {
    return this.#call(`NetworkNeighborhood/${namespace}/${name}`, options) as Promise<NetworkNeighborhood | undefined>;
  }

  /** How often an object was asked for. */
  callsOf(key: string): number {
    return this.calls.filter((call) => call.key === key).length;
  }

  #metadata(name: string): object {
    this.#version += 1;
    return { name, namespace: "shop", uid: `uid-${name}`, resourceVersion: String(this.#version) };
  }

  #call(key: string, options: CallOptions): Promise<Stored | undefined> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        key,
        signal: options.signal,
        resolve: (profile) => {
          this.open.delete(call);
          resolve(profile);
        },
        reject: (error) => {
          this.open.delete(call);
          reject(error);
        },
      };
      this.calls.push(call);
      this.open.add(call);
      this.mostOpen = Math.max(this.mostOpen, this.open.size);
      if (this.isHeld) return;
      const failure = this.failures.get(key) ?? this.failure;
      if (failure !== undefined) call.reject(failure);
      // A copy, as a real store makes one from each response.
      else call.resolve(structuredClone(this.objects.get(key)));
    });
  }
}

/** Adds up what is reported, by `name{label values}`. */
export class CountingMetrics implements Metrics {
  readonly values: Map<string, number> = new Map();
  readonly #collectors = new Set<() => void>();

  counter(definition: MetricDefinition): { add(value?: number, labels?: Readonly<Record<string, string>>): void } {
    return { add: (value = 1, labels = {}) => this.#change(definition, labels, (old) => old + value) };
  }
  gauge(definition: MetricDefinition): {
    set(value: number, labels?: Readonly<Record<string, string>>): void;
    add(value: number, labels?: Readonly<Record<string, string>>): void;
  } {
    return {
      set: (value, labels = {}) => this.#change(definition, labels, () => value),
      add: (value, labels = {}) => this.#change(definition, labels, (old) => old + value),
    };
  }
  histogram(definition: MetricDefinition): {
    observe(value: number, labels?: Readonly<Record<string, string>>): void;
  } {
    return { observe: (_value, labels = {}) => this.#change(definition, labels, (old) => old + 1) };
  }
  onCollect(collect: () => void): () => void {
    this.#collectors.add(collect);
    return () => this.#collectors.delete(collect);
  }
  read(name: string, label = ""): number {
    for (const collect of this.#collectors) collect();
    return this.values.get(`kinglet_profile_cache_${name}${label === "" ? "" : `{${label}}`}`) ?? 0;
  }
  #change(definition: MetricDefinition, labels: Readonly<Record<string, string>>, next: (old: number) => number): void {
    const text = Object.values(labels).join(",");
    const key = text === "" ? definition.name : `${definition.name}{${text}}`;
    this.values.set(key, next(this.values.get(key) ?? 0));
  }
}

export function ref(containerId: string, profileName: string): ContainerRef {
  return { containerId, namespace: "shop", profileName, podName: `pod-${containerId}`, containerName: "web" };
}

/** The container `web` of a pod of the workload `deploy-web`, whose learned profile is `web`. */
export function labelled(containerId: string, userProfile?: string, more: Partial<ContainerRef> = {}): ContainerRef {
  const base = { ...ref(containerId, "web"), workloadName: "deploy-web", ...more };
  return userProfile === undefined ? base : { ...base, userProfile };
}

export interface Bench {
  readonly cache: ProfileCache;
  readonly source: FakeSource;
  readonly clock: ManualClock;
  readonly metrics: CountingMetrics;
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[];
  readonly stop: () => Promise<void>;
}

export function start(options: Partial<ProfileCacheOptions> & { readonly source?: FakeSource } = {}): Bench {
  const source = options.source ?? new FakeSource();
  const clock = new ManualClock();
  const metrics = new CountingMetrics();
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  const logger: Logger = { ...noopLogger, error: write("error"), warn: write("warn"), info: write("info") };
  const cache = new ProfileCache({
    source,
    clock,
    logger,
    metrics,
    maxEntries: 100,
    freezeProfiles: true,
    random: () => 0,
    ...options,
  });
  const controller = new AbortController();
  const running = cache.run({ signal: controller.signal });
  return {
    cache,
    source,
    clock,
    metrics,
    lines,
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
