import { describe, expect, it } from "vitest";

import { readWorkload, type Workload } from "../index.ts";
import { selects } from "./label-selector.ts";
import { readNetworkPolicyCoverage } from "./network-policy-coverage.ts";
import { readServiceExposures } from "./service-exposure.ts";

function web(): Workload {
  const workload = readWorkload({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", labels: { app: "web", tier: "front" } },
    spec: { containers: [{ name: "web", image: "web:1", ports: [{ name: "http", containerPort: 8080 }] }] },
  });
  if (workload === undefined) throw new Error("no workload");
  return workload;
}

const service = (spec: object, namespace = "shop"): object => ({
  kind: "Service",
  metadata: { name: "web", namespace },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }], ...spec },
});

describe("readServiceExposures", () => {
  it.each([
    [{}, "INTERNAL"],
    [{ type: "NodePort" }, "NODE"],
    [{ type: "LoadBalancer" }, "EXTERNAL"],
    [{ externalIPs: ["192.0.2.1"] }, "EXTERNAL"],
  ])("takes %j for %s", (spec, level) => {
    expect(readServiceExposures(web(), [service(spec)])).toEqual([
      { port: 8080, protocol: "TCP", level, nodePort: undefined, service: "web" },
    ]);
  });

  it("knows target ports by number, and the port itself without one", () => {
    const ports = [
      { port: 80, targetPort: 9090, nodePort: 30080 },
      { port: 53, protocol: "UDP" },
    ];
    expect(readServiceExposures(web(), [service({ type: "NodePort", ports })])).toEqual([
      { port: 9090, protocol: "TCP", level: "NODE", nodePort: 30080, service: "web" },
      { port: 53, protocol: "UDP", level: "NODE", nodePort: undefined, service: "web" },
    ]);
  });

  it("passes over services that do not lead to the workload", () => {
    const others = [
      service({ selector: { app: "api" } }),
      service({ selector: {} }),
      service({ type: "ExternalName" }),
      service({}, "other"),
      service({ ports: [{ port: 80, targetPort: "admin" }] }),
      { kind: "Secret" },
      7,
      null,
    ];
    expect(readServiceExposures(web(), others)).toEqual([]);
  });
});

describe("readNetworkPolicyCoverage", () => {
  const policy = (spec: object, namespace = "shop"): object => ({
    kind: "NetworkPolicy",
    metadata: { namespace },
    spec,
  });

  it.each([
    [[], false, false],
    [[policy({ podSelector: {} })], true, false],
    [[policy({ podSelector: {}, egress: [] })], true, true],
    [[policy({ podSelector: {}, policyTypes: ["Egress"] })], false, true],
    [[policy({ podSelector: { matchLabels: { app: "api" } } })], false, false],
    [[policy({ podSelector: {} }, "other")], false, false],
    [[policy({ podSelector: {}, policyTypes: ["Ingress"] }), policy({ policyTypes: ["Egress"] }), 3], true, true],
  ])("of %j: ingress %j, egress %j", (policies, ingress, egress) => {
    expect(readNetworkPolicyCoverage(web(), policies)).toEqual({ ingress, egress });
  });
});

describe("selects", () => {
  const expression = (key: string, operator: string, ...values: string[]): object => ({
    matchExpressions: [{ key, operator, values }],
  });

  it.each([
    [{}, true],
    [undefined, true],
    [{ matchLabels: { app: "web" } }, true],
    [{ matchLabels: { app: "web", tier: "back" } }, false],
    [expression("app", "In", "api", "web"), true],
    [expression("app", "NotIn", "web"), false],
    [expression("none", "NotIn", "web"), true],
    [expression("app", "Exists"), true],
    [expression("none", "Exists"), false],
    [expression("none", "DoesNotExist"), true],
    [expression("app", "Like", "w*"), false],
  ])("%j: %j", (selector, expected) => {
    expect(selects(selector, web().podLabels)).toBe(expected);
  });
});
