import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { resolveGrpcOptions } from "./resolve-options.ts";
import type { TetragonGrpcSourceOptions } from "./tetragon-grpc-source.ts";

const base = { clock: systemClock, logger: noopLogger, metrics: noopMetrics };
const resolve = (options: Partial<TetragonGrpcSourceOptions>): unknown =>
  resolveGrpcOptions({ ...base, address: "tcp:h:1", ...options });

describe("resolveGrpcOptions", () => {
  it.each([
    ["unix:/run/t.sock", { kind: "unix", path: "/run/t.sock" }],
    ["unix:///run/t.sock", { kind: "unix", path: "/run/t.sock" }],
    ["unix:t.sock", { kind: "unix", path: "t.sock" }],
    ["tcp:localhost:54321", { kind: "tcp", host: "localhost", port: 54_321 }],
    ["tcp://10.0.0.1:1", { kind: "tcp", host: "10.0.0.1", port: 1 }],
    ["tcp:[::1]:54321", { kind: "tcp", host: "::1", port: 54_321 }],
  ])("takes the address %s [tetragon-grpc O1]", (address, target) => {
    expect(resolve({ address })).toMatchObject({ target, ignoresHealthChecks: true, maxMessageBytes: 10_485_760 });
  });

  it.each([
    "",
    "unix:",
    "/run/t.sock",
    "tcp:host",
    "tcp:host:0",
    "tcp:host:65536",
    "tcp:::1:80",
    "http://h:1",
    "tcp:h h:1",
  ])("refuses the address %j with a code [tetragon-grpc O1]", (address) => {
    expect(() => resolve({ address })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION" }) as Error,
    );
  });

  it.each<[string, Partial<TetragonGrpcSourceOptions>]>([
    ["maxMessageBytes", { maxMessageBytes: 10 }],
    ["maxQueuedEvents", { maxQueuedEvents: 1 }],
    ["pingIntervalMs", { pingIntervalMs: 29_999 }],
    ["tls", { address: "unix:/t.sock", tls: {} }],
    ["tls", { tls: { keyPath: "k" } }],
    ["agentMetricsUrl", { agentMetricsUrl: "localhost:2112" }],
  ])("names %s when it is wrong [tetragon-grpc O1]", (option, options) => {
    expect(() => resolve(options)).toThrow(option);
  });
});
