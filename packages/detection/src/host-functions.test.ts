import { loadCelEngine, pureCelFunctions, type CelEngine } from "@kinglet/policy-engine";
import { beforeAll, describe, expect, it } from "vitest";

import type { DetectionHost } from "./detection-host.ts";
import { createHostFunctions } from "./host-functions.ts";

const host: DetectionHost = {
  mountPathsOf: (_namespace, podName) => (podName === "web-1" ? ["/etc/config", "/var/data"] : undefined),
  hasContainer: (_namespace, podName, name) =>
    podName === "web-1" ? ["main", "sidecar", "init"].includes(name) : undefined,
  apiServerAddresses: ["10.96.0.1", "fd00::1"],
  processEnvironment: (pid) =>
    ({
      1: { PATH: "/bin" },
      2: { LD_PRELOAD: "/x.so", PATH: "/bin" },
      3: { LD_AUDIT: "/y.so" },
      4: { LD_LIBRARY_PATH: "/z", LD_AUDIT: "" },
    })[pid],
  commandsOf: () => undefined,
};

let engine: CelEngine;

beforeAll(async () => {
  const { createCelEngine } = await loadCelEngine();
  engine = createCelEngine({ functions: { ...pureCelFunctions, ...createHostFunctions(host) } });
});

const value = (expression: string): unknown =>
  engine.compile(expression, "bool").evaluate({ event: {}, eventType: "exec" });

describe("createHostFunctions", () => {
  it.each([
    ["k8s.get_container_mount_paths('shop', 'web-1', 'main') == ['/etc/config', '/var/data']", true],
    ["k8s.get_container_by_name('shop', 'web-1', 'main')", true],
    ["k8s.get_container_by_name('shop', 'web-1', 'sidecar')", true],
    ["k8s.get_container_by_name('shop', 'web-1', 'init')", true],
    ["k8s.get_container_by_name('shop', 'web-1', 'other')", false],
    ["k8s.get_container_by_name('shop', 'other', 'main')", false],
    ["k8s.is_api_server_address('10.96.0.1')", true],
    ["k8s.is_api_server_address('::ffff:10.96.0.1')", true],
    ["k8s.is_api_server_address('::ffff:10.96.0.2')", false],
    ["k8s.is_api_server_address('fd00::1')", true],
    ["k8s.is_api_server_address('10.96.0.10')", false],
    ["k8s.is_api_server_address('')", false],
    ["process.get_process_env(2)['LD_PRELOAD'] == '/x.so'", true],
    ["process.get_ld_hook_var(1u) == ''", true],
    ["process.get_ld_hook_var(2u) == 'LD_PRELOAD'", true],
    ["process.get_ld_hook_var(3u) == 'LD_AUDIT'", true],
    ["process.get_ld_hook_var(4u) == 'LD_LIBRARY_PATH'", true],
  ])("%s is %s [rules H-1]", (expression, expected) => {
    expect(value(expression)).toBe(expected);
  });

  it.each([
    "k8s.get_container_mount_paths('shop', 'other', 'main') == []",
    "process.get_ld_hook_var(99u) == ''",
    "process.get_process_env(99) == {}",
  ])("%s fails instead of guessing [rules H-2]", (expression) => {
    expect(() => value(expression)).toThrow(expect.objectContaining({ code: "KINGLET_ERR_POLICY_ENGINE_EVALUATION" }));
  });

  it.each([
    "k8s.is_api_server_address(1)",
    "k8s.get_container_by_name('a', 'b')",
    "process.get_ld_hook_var('1')",
    "net.is_private_ip()",
    "net.is_private_ip(1)",
    "parse.get_exec_path('a', 'b')",
  ])("%s does not compile [rules H-1]", (expression) => {
    expect(engine.check(`${expression} == ${expression}`, "bool")).not.toEqual([]);
  });
});
