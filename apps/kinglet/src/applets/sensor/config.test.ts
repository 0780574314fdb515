import * as fc from "fast-check";
import { loadSettings } from "@kinglet/settings";
import { describe, expect, it } from "vitest";
import { crossCheck, sensorSettings, type SensorConfig } from "./config.ts";

const load = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<SensorConfig> =>
  (await loadSettings(sensorSettings(), { argv, env })).values;

describe("sensorSettings", () => {
  it("has defaults for everything but the node's name", async () => {
    const config = await load([]);
    expect(config).toMatchObject({ scope: "node", profileStore: "kubernetes", startAt: "end", output: "auto" });
    expect(config.ignoreNamespaces).toContain("kube-system");
    expect(crossCheck(config)).toEqual([expect.stringMatching(/^nodeName: /)]);
  });

  it("takes node name and namespace from what Kubernetes puts into the environment; a flag wins", async () => {
    const env = { NODE_NAME: "n1", POD_NAMESPACE: "kinglet" };
    expect(await load([], env)).toMatchObject({ nodeName: "n1", namespace: "kinglet" });
    expect(await load(["--node-name", "n2"], env)).toMatchObject({ nodeName: "n2" });
  });

  it.each([
    ["--cluster-name", "a\nb"],
    ["--node-name", "a\u001b[2Jb"],
    ["--profile-refresh", "999"],
    ["--profile-refresh", "1e9"],
    ["--scope", "all"],
    ["--state-dir", ""],
  ])("refuses %s %j", async (...argv) => {
    await expect(load(argv)).rejects.toMatchObject({ code: "KINGLET_ERR_SETTINGS_INVALID" });
  });
});

describe("crossCheck", () => {
  it("asks for a node name exactly with --scope node, and for a folder exactly with the directory store", () => {
    const config = fc.record(
      {
        scope: fc.constantFrom("node", "cluster"),
        nodeName: fc.constantFrom("n1"),
        profileStore: fc.constantFrom("kubernetes", "directory"),
        profileDir: fc.constantFrom("/profiles"),
      },
      { requiredKeys: ["scope", "profileStore"] },
    );
    fc.assert(
      fc.property(config, (values) => {
        const problems = crossCheck({
          eventSources: ["tetragon-file"],
          tetragonPolicies: ["auto"],
          ...values,
        } as unknown as SensorConfig).map((problem) => problem.split(":")[0]);
        const expected = [
          ...(values.scope === "node" && values.nodeName === undefined ? ["nodeName"] : []),
          ...(values.profileStore === "directory" && values.profileDir === undefined ? ["profileDir"] : []),
        ];
        expect(problems).toEqual(expected);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it.each([
    [["--event-sources", "tetragon-file,tetragon-grpc"], ["eventSources"]],
    [["--event-sources", "linux-audit"], ["auditLog, auditSocket"]],
    [["--event-sources", "linux-audit", "--audit-log", "/l", "--scope", "cluster"], ["eventSources"]],
    [["--falco-bind", ":9"], ["kubernetesAuditBind, kubernetesAuditLog, falcoBind"]],
    [["--scope", "cluster", "--falco-bind", ":9", "--webhook-tls-cert", "/c"], ["webhookTlsCert, webhookTlsKey"]],
    [["--scope", "cluster", "--kubernetes-audit-log", "/l"], []],
    [["--event-sources", "tetragon-grpc,linux-audit", "--audit-socket", "/s"], []],
    [["--audit-log", "/l", "--auditctl", "/c"], ["auditLog, auditctl"]],
    [["--tetragon-address", "tcp:h:1", "--tetragon-ca-file", "/c"], ["tetragonAddress, tetragonCaFile"]],
    [["--tetragon-server-name", "n"], ["tetragonServerName"]],
    [["--event-sources", "linux-audit", "--audit-log", "/l", "--tetragon-metrics", "http://h:1"], ["tetragonMetrics"]],
    [["--event-sources", "tetragon-grpc", "--tetragon-address", "http://x"], ["tetragonAddress"]],
    [["--event-sources", "tetragon-grpc", "--tetragon-address", "tcp:[::1]:54321"], []],
    [["--tetragon-metrics", "banana"], ["tetragonMetrics"]],
    [["--tetragon-metrics", "http://127.0.0.1:2112/metrics"], []],
  ])("sees what does not go together: %j", async (argv, expected) => {
    const problems = crossCheck(await load([...argv, "--node-name", "n1"])).map((problem) => problem.split(":")[0]);
    expect(problems).toEqual(expected);
  });
});
