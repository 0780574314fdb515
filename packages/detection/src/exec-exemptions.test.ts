import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";

import { containerOf } from "../test/containers.ts";
import type { ContainerCommands } from "./detection-host.ts";
import { ExecExemptions, type ExecExemptionOptions } from "./exec-exemptions.ts";

const container = containerOf();
const id = container.containerId;
const nothing: ContainerCommands = { command: [], postStart: [], preStop: [], isPodEnding: true };

function setUp(commands: Partial<ContainerCommands> | undefined, options: Partial<ExecExemptionOptions> = {}) {
  const clock = new ManualClock();
  const view: { container: typeof container; args: readonly string[] | undefined } = { container, args: undefined };
  const host = { commandsOf: () => commands && { ...nothing, ...commands } };
  return { clock, view, exemptions: new ExecExemptions({ host, view, clock, ...options }) };
}

describe("ExecExemptions", () => {
  it("exempts the command and the hooks of the container's specification, by their whole words [rules X-1]", () => {
    const { exemptions } = setUp({
      command: ["/entrypoint.sh", "--serve"],
      postStart: ["/bin/warm-up"],
      preStop: ["/bin/drain"],
    });
    for (const path of ["/entrypoint.sh", "/bin/warm-up", "/bin/drain"])
      expect(exemptions.isExempt(id, path)).toBe(true);
    for (const path of ["/bin/sh", "/entrypoint", "", "/bin/drain2"]) expect(exemptions.isExempt(id, path)).toBe(false);
  });

  it("exempts nothing without a specification, and nothing of other containers [rules X-1]", () => {
    expect(setUp(undefined).exemptions.isExempt(id, "/entrypoint.sh")).toBe(false);
    expect(setUp({ command: ["/entrypoint.sh"] }).exemptions.isExempt("cd".repeat(32), "/entrypoint.sh")).toBe(false);
  });

  it("exempts whatever runs for five minutes once the whole preStop hook ran [rules X-2]", async () => {
    const { exemptions, view, clock } = setUp({ preStop: ["/bin/sh", "-c", "nginx -s quit"] });
    view.args = ["/bin/sh", "-c", "nginx -s quit"];
    expect(exemptions.isExempt(id, "/bin/sh")).toBe(true);
    view.args = ["nginx", "-s", "quit"];
    expect(exemptions.isExempt(id, "/usr/sbin/nginx")).toBe(true);
    await clock.advance(299_999);
    expect(exemptions.isExempt(id, "/usr/bin/anything")).toBe(true);
    await clock.advance(1);
    expect(exemptions.isExempt(id, "/usr/bin/anything")).toBe(false);
    expect(exemptions.size).toBe(0);
  });

  it("exempts nothing more when a container that nobody deletes runs its own preStop hook, however often [rules X-4]", async () => {
    const { exemptions, view, clock } = setUp({ preStop: ["sleep", "15"], isPodEnding: false });
    for (let turn = 0; turn < 3; turn++) {
      view.args = ["sleep", "15"];
      expect(exemptions.isExempt(id, "/bin/sleep")).toBe(true);
      view.args = ["curl", "evil"];
      expect(exemptions.isExempt(id, "/usr/bin/curl")).toBe(false);
      await clock.advance(200_000);
    }
    view.args = ["sleep", "16"];
    expect(exemptions.isExempt(id, "/bin/sleep")).toBe(false);
  });

  it("counts the hook also when the deletion of the pod becomes known after it ran [rules X-4]", () => {
    const now = { isPodEnding: false };
    const host = { commandsOf: () => ({ ...nothing, preStop: ["/bin/drain"], isPodEnding: now.isPodEnding }) };
    const { exemptions, view } = setUp(undefined, { host });
    view.args = ["/bin/drain"];
    exemptions.isExempt(id, "/bin/drain");
    expect(exemptions.isExempt(id, "/bin/id")).toBe(false);
    now.isPodEnding = true;
    expect(exemptions.isExempt(id, "/bin/id")).toBe(true);
  });

  it("does not exempt what a pod that is being deleted runs without its hook [rules X-4]", () => {
    const { exemptions } = setUp({ preStop: ["/bin/drain"], isPodEnding: true });
    expect(exemptions.isExempt(id, "/bin/id")).toBe(false);
  });

  it("does not take a shell for the hook that names a shell, nor a command line that nobody could tell [rules X-2]", () => {
    const { exemptions, view } = setUp({ preStop: ["/bin/sh", "-c", "nginx -s quit"] });
    for (const args of [["/bin/sh"], ["/bin/sh", "-c", "curl evil"], undefined]) {
      view.args = args;
      expect(exemptions.isExempt(id, "/bin/sh")).toBe(true);
      expect(exemptions.isExempt(id, "/usr/bin/curl")).toBe(false);
    }
  });

  it("knows the hook's program also when the hook names it without its folder [rules X-2]", () => {
    const { exemptions, view } = setUp({ preStop: ["sleep", "15"] });
    view.args = ["/bin/sleep", "15"];
    exemptions.isExempt(id, "/bin/sleep");
    expect(exemptions.isStopping(id)).toBe(true);
  });

  it("renews the time when the hook is noted again, and forgets on demand [rules X-3]", async () => {
    const { exemptions, clock } = setUp(undefined, { stoppingMs: 100 });
    exemptions.noteStopping(id);
    await clock.advance(50);
    exemptions.noteStopping(id);
    await clock.advance(60);
    expect(exemptions.isStopping(id)).toBe(true);
    exemptions.forget(id);
    expect(exemptions.isStopping(id)).toBe(false);
  });

  it("remembers many, drops the one that was asked for longest ago beyond its bound [rules X-3]", () => {
    const { exemptions } = setUp(undefined, { maxStopping: 3 });
    for (const one of ["a", "b", "c"]) exemptions.noteStopping(one);
    expect(exemptions.isStopping("a")).toBe(true);
    exemptions.noteStopping("d");
    expect(["a", "b", "c", "d"].map((one) => exemptions.isStopping(one))).toEqual([true, false, true, true]);
    expect(exemptions.size).toBe(3);
  });

  it("takes its defaults for sizes of 0 and does not note an empty id [rules X-3]", () => {
    const { exemptions } = setUp(undefined, { maxStopping: 0, stoppingMs: 0 });
    exemptions.noteStopping("");
    for (let at = 0; at < 1_001; at++) exemptions.noteStopping(`c${at}`);
    expect(exemptions.size).toBe(1_000);
    expect([exemptions.isStopping("c0"), exemptions.isStopping("c1"), exemptions.isStopping("")]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
