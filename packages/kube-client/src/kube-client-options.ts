import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { CallRate } from "./rate-limit.ts";
import type { KubeTransport } from "./transport.ts";

/** How a client behaves; everything has a default. @public */
export interface KubeClientOptions {
  /** Sent with every request, `name/version`. @defaultValue `"kinglet"` */
  readonly userAgent?: string;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  /** Longest a call other than `watch` takes, per attempt; the API server itself gives up after 60 s. @defaultValue 60_000 */
  readonly requestTimeoutMs?: number;
  /**
   * Further attempts where the server asks for one by `Retry-After`, after as long as it asks: after 429, and for calls that only read after 5xx (which does not say
   * whether a write was carried out). Asked to wait for more than 60 s a call fails at once, with `retryAfterSeconds` in its details.
   *
   * @defaultValue 5
   */
  readonly retries?: number;
  /** Calls other than `watch` that run at a time; the others wait their turn, which does not count as their time. @defaultValue 16 */
  readonly maxParallelCalls?: number;
  /** Asks for large lists (from 128 KiB) compressed: pays where the network is slow or metered, costs 0.5 MB of heap and the time to inflate. @defaultValue false */
  readonly acceptsGzip?: boolean;
  /**
   * Asks for JSON always: for a program that watches a few small objects, to which the reader of protobuf (0.1 MB of heap) brings nothing.
   *
   * @defaultValue false
   */
  readonly asksForJson?: boolean;
  /** Limits reading calls, on this side already; the server has limits of its own. Watches are not limited. @defaultValue not limited */
  readonly readRate?: CallRate;
  /** Limits writing calls. @defaultValue 50 per second, 100 at once */
  readonly writeRate?: CallRate;
  /** Who the fields of a write belong to where the call does not say. @defaultValue what the server makes of the user agent */
  readonly fieldManager?: string;
  /** Carries the requests. @defaultValue `createTransport(access)` */
  readonly transport?: KubeTransport;
}
