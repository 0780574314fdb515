import { SingleFlight, untilAborted, type Clock } from "@kinglet/lifecycle";
import type { Counter, Histogram, Metrics } from "@kinglet/metrics";
import type { ImageMetadata } from "@kinglet/policy-engine/security-policy";
import { imageCacheBytes, imageCacheOperations, imageFetches, imageFetchSeconds } from "../metrics.ts";
import type { FetchedImage, ImageMetadataSource } from "./image-metadata-source.ts";

/** @public */
export interface ImageMetadataCacheOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Of all entries, bytes. */
  readonly maxBytes: number;
  /** An image that takes more is given to those who wait and not kept. @defaultValue 2 MiB */
  readonly maxItemBytes?: number;
  /** How long an answer holds, milliseconds. @defaultValue 4 h */
  readonly ttlMs?: number;
  /** How long it holds that an image is not known, milliseconds. @defaultValue 30 s */
  readonly absentTtlMs?: number;
  /** How long a fetch may take, whoever waits for it, milliseconds. @defaultValue 10 s */
  readonly fetchTimeoutMs?: number;
  /** Fetches under way at a time; more are refused. @defaultValue 32 */
  readonly maxFetches?: number;
}

interface Entry {
  /** Undefined: the source does not know the image. */
  readonly metadata: ImageMetadata | undefined;
  readonly bytes: number;
  readonly expiresMs: number;
}

/** A fetch; what was asked before an invalidation is given to those who wait and not kept. */
interface Flight {
  isStale: boolean;
}

/** What an entry takes besides what the source says. */
const entryBytes = 200;

/**
 * Metadata of images, bounded in bytes, the least recently used goes first.
 *
 * One fetch per reference at a time: everybody who wants the same image waits for it, each until its own signal fires; a fetch has a deadline of its own, so
 * that neither the one who asked first nor the last one to leave ends it for the others or for later. A failure is told to all who wait and not kept.
 *
 * @public
 */
export class ImageMetadataCache {
  readonly #source: ImageMetadataSource;
  readonly #options: Required<ImageMetadataCacheOptions>;
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();
  readonly #shared: SingleFlight<ImageMetadata | undefined>;
  readonly #operations: Counter<"result">;
  readonly #fetches: Counter<"source" | "status">;
  readonly #seconds: Histogram<"source" | "status">;
  #bytes = 0;
  /** Makes the fetch after an invalidation another one than that before. */
  #generation = 0;

  constructor(source: ImageMetadataSource, options: ImageMetadataCacheOptions) {
    this.#source = source;
    this.#options = {
      maxItemBytes: 2_097_152,
      ttlMs: 14_400_000,
      absentTtlMs: 30_000,
      fetchTimeoutMs: 10_000,
      maxFetches: 32,
      ...options,
    };
    this.#shared = new SingleFlight({ timeoutMs: this.#options.fetchTimeoutMs, clock: options.clock });
    this.#operations = options.metrics.counter(imageCacheOperations);
    this.#fetches = options.metrics.counter(imageFetches);
    this.#seconds = options.metrics.histogram(imageFetchSeconds);
    const bytes = options.metrics.gauge(imageCacheBytes);
    options.metrics.onCollect(() => bytes.set(this.#bytes));
  }

  /** What the entries take, bytes; never more than the bound. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is known now, without asking anybody. */
  peek(reference: string): ImageMetadata | undefined {
    return this.#lookUp(reference)?.metadata;
  }

  /** True when asking the source would tell nothing new for now. */
  has(reference: string): boolean {
    return this.#lookUp(reference) !== undefined;
  }

  /**
   * What is known, or what the source says.
   *
   * @returns undefined when the source does not know the image.
   * @throws the signal's reason, or why it cannot be said.
   */
  async get(reference: string, options: { readonly signal: AbortSignal }): Promise<ImageMetadata | undefined> {
    const entry = this.#lookUp(reference);
    this.#operations.add(1, { result: entry === undefined ? "miss" : "hit" });
    if (entry !== undefined) return entry.metadata;
    options.signal.throwIfAborted();
    const isUnderWay = this.#flights.has(reference);
    if (!isUnderWay && this.#flights.size >= this.#options.maxFetches) {
      this.#operations.add(1, { result: "refused" });
      throw new Error(`${this.#options.maxFetches} image fetches are under way`);
    }
    // Not the caller's signal: nobody's leaving ends the fetch.
    const fetched = this.#shared.run(`${this.#generation} ${reference}`, (signal) => this.#fetch(reference, signal));
    return untilAborted(fetched, options.signal);
  }

  /** Forgets one image; a fetch that is under way is not kept. */
  invalidate(reference: string): void {
    this.#remove(reference);
    const flight = this.#flights.get(reference);
    if (flight === undefined) return;
    flight.isStale = true;
    this.#generation++;
  }

  /** Forgets everything. */
  invalidateAll(): void {
    this.#entries.clear();
    this.#bytes = 0;
    for (const flight of this.#flights.values()) flight.isStale = true;
    this.#generation++;
  }

  async #fetch(reference: string, signal: AbortSignal): Promise<ImageMetadata | undefined> {
    const { clock } = this.#options;
    const flight: Flight = { isStale: false };
    this.#flights.set(reference, flight);
    const startMs = clock.monotonicMs();
    let status = "error";
    try {
      const image = await this.#source.fetch(reference, { signal });
      status = image === undefined ? "unknown" : "found";
      if (!flight.isStale) this.#keep(reference, image);
      return image?.metadata;
    } finally {
      if (this.#flights.get(reference) === flight) this.#flights.delete(reference);
      const labels = { source: this.#source.name, status };
      this.#fetches.add(1, labels);
      this.#seconds.observe((clock.monotonicMs() - startMs) / 1000, labels);
    }
  }

  #keep(reference: string, image: FetchedImage | undefined): void {
    const { maxBytes, maxItemBytes, ttlMs, absentTtlMs, clock } = this.#options;
    const bytes = entryBytes + 2 * reference.length + (image?.bytes ?? 0);
    if (bytes > maxItemBytes || bytes > maxBytes) {
      this.#operations.add(1, { result: "too-large" });
      return;
    }
    this.#remove(reference);
    for (const [oldest] of this.#entries) {
      if (this.#bytes + bytes <= maxBytes) break;
      this.#remove(oldest);
      this.#operations.add(1, { result: "evicted" });
    }
    const expiresMs = clock.monotonicMs() + (image === undefined ? absentTtlMs : ttlMs);
    this.#entries.set(reference, { metadata: image?.metadata, bytes, expiresMs });
    this.#bytes += bytes;
  }

  #lookUp(reference: string): Entry | undefined {
    const entry = this.#entries.get(reference);
    if (entry === undefined) return undefined;
    if (entry.expiresMs <= this.#options.clock.monotonicMs()) {
      this.#remove(reference);
      return undefined;
    }
    this.#entries.delete(reference);
    this.#entries.set(reference, entry);
    return entry;
  }

  #remove(reference: string): void {
    const entry = this.#entries.get(reference);
    if (entry === undefined) return;
    this.#entries.delete(reference);
    this.#bytes -= entry.bytes;
  }
}
