import { readdirSync } from "node:fs";
import { apiCall, type ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DemoProcess, isRunning } from "./demo-process.ts";
import { isSkipped, openRealFixture, realTitle } from "./open-real-fixture.ts";

describe.skipIf(isSkipped)(realTitle("demo on a real API server"), () => {
  let fixture: ClusterFixture;

  beforeAll(async () => {
    fixture = await openRealFixture();
  });

  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
  });

  function start(...args: readonly string[]): Promise<DemoProcess> {
    return DemoProcess.start(["--cluster", "--output", "json", ...args], { KUBECONFIG: fixture.kubeconfigPath });
  }

  async function demoNamespaces(): Promise<readonly string[]> {
    const { items } = (await apiCall(fixture, "GET", "/api/v1/namespaces")) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("kinglet-demo"));
  }

  it("creates nothing without a definition, a terminal or a yes", async () => {
    await using withoutDefinition = await start("--yes");
    expect((await withoutDefinition.ended).code).toBe(1);
    expect(withoutDefinition.stderr).toMatch(/KINGLET_ERR_DEMO_CRDS_MISSING .*containerprofiles.*--install-crds/);
    await using unconfirmed = await start("--install-crds");
    expect((await unconfirmed.ended).code).toBe(1);
    expect(unconfirmed.stderr).toContain("KINGLET_ERR_DEMO_NOT_CONFIRMED");
    expect(unconfirmed.lines("plan")).toMatchObject([{ server: fixture.server }]);
    expect(await demoNamespaces()).toEqual([]);
  });

  it("shows the same alerts and removes what it made", async () => {
    await using demo = await start("--yes", "--install-crds", "--seconds", "4");
    const { code } = await demo.ended;
    expect({ code, stderr: demo.stderr }).toEqual({ code: 0, stderr: "" });
    expect(demo.lines("result")).toMatchObject([{ alerts: 18, alertsExpected: 12, restarts: 2 }]);
    const namespaces = new Set(demo.lines("pod").map((pod) => pod["namespace"]));
    expect([...namespaces]).toEqual([expect.stringMatching(/^kinglet-demo-[0-9a-f]{8}$/)]);
    expect([await demoNamespaces(), readdirSync(demo.tempFolder)]).toEqual([[], []]);
  });

  it("removes its namespace also after Ctrl-C in the middle", async () => {
    await using demo = await start("--yes", "--install-crds");
    const pid = await demo.sensorPid();
    await demo.line("alert", "a first alert");
    expect(await demoNamespaces()).toHaveLength(1);
    demo.interrupt();
    expect((await demo.ended).code).toBe(130);
    expect([await demoNamespaces(), isRunning(pid), readdirSync(demo.tempFolder)]).toEqual([[], false, []]);
  });
});
