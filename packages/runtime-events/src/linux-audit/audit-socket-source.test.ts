import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RuntimeEvent } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { AuditRun, execRecords, FakeProcesses, recordedAuditLines } from "../../test/audit-log-fixture.ts";
import { openAuditSocketSource, type AuditSocketSourceOptions } from "./open-audit-socket-source.ts";

/** auditd's plugin: one socket, lines to whoever is connected. */
class Plugin implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "kinglet-audit-"));
  readonly path: string = join(this.folder, "events");
  readonly clients: Socket[] = [];
  #server: Server | undefined;

  async listen(): Promise<void> {
    this.#server = createServer((client) => {
      client.on("error", () => {});
      this.clients.push(client);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.path, resolve));
  }

  write(...lines: readonly string[]): void {
    for (const client of this.clients) client.write(Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1"));
  }

  async close(): Promise<void> {
    for (const client of this.clients.splice(0)) client.destroy();
    await new Promise<void>((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function start(
  options: Partial<AuditSocketSourceOptions> & { readonly path: string },
  deliver?: (event: RuntimeEvent) => void | Promise<void>,
): Promise<AuditRun> {
  const clock = new ManualClock();
  const source = await openAuditSocketSource({
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
    processes: new FakeProcesses(),
    ...options,
  });
  return new AuditRun(source, clock, deliver);
}

const exec = (pid: number): string[] => execRecords({ serial: pid, pid });

describe("openAuditSocketSource", () => {
  it("delivers what auditd sends", async () => {
    await using plugin = new Plugin();
    await plugin.listen();
    const run = await start({ path: plugin.path });
    await run.until("connected", () => plugin.clients.length === 1 && run.source.health().connected);
    plugin.write(...recordedAuditLines("calls-socket.log.gz"));
    await run.untilDelivered(45);
    expect(run.events.map((event) => event.sequence)).toEqual(run.events.map((_, at) => at + 1));
    expect(run.source.health()).toMatchObject({ connected: true, decodeErrors: 0, openEvents: 0, position: undefined });
    expect(run.clock.pendingTimers).toBe(0);
    await run.stop();
  });

  it("waits for the socket, connects at once when it appears, and tells the time in between as blind [linux-audit socket]", async () => {
    await using plugin = new Plugin();
    const run = await start({ path: plugin.path });
    await run.until("waiting", () => run.source.health().reason.includes("ENOENT"));
    expect(run.source.health().blindIntervals).toMatchObject([{ untilMs: undefined }]);
    await run.until("a wait", () => run.clock.pendingTimers > 0);
    await plugin.listen();
    await run.until("connected", () => run.source.health().connected);
    expect(run.source.health().blindIntervals).toMatchObject([{ untilMs: run.clock.now() }]);
    plugin.write(...exec(1));
    await run.untilDelivered(1);
    await plugin.close();
    await run.until("lost", () => !run.source.health().connected);
    expect(run.source.health().blindIntervals).toHaveLength(1);
    expect(run.source.health().blindIntervals[0]?.untilMs).toBeUndefined();
    await run.stop();
  });

  it("counts half a line at the end of a connection, and never joins it to the next one [linux-audit socket]", async () => {
    await using plugin = new Plugin();
    await plugin.listen();
    const run = await start({ path: plugin.path });
    await run.until("connected", () => plugin.clients.length === 1);
    const [first = "", ...others] = exec(1);
    plugin.clients[0]?.end(first.slice(0, 50));
    await run.until("half a line", () => run.source.health().decodeErrors === 1);
    await run.until("connected again", () => {
      void run.clock.advance(1000);
      return plugin.clients.length === 2 && run.source.health().connected;
    });
    plugin.write(...others, ...exec(2));
    await run.untilDelivered(1);
    expect(run.pids).toEqual([2]);
    await run.stop();
  });

  it("reads on while the consumer is slow, keeps executions rather than others, and counts what it drops [linux-audit socket]", async () => {
    await using plugin = new Plugin();
    await plugin.listen();
    let release: () => void = () => {};
    const run = await start({ path: plugin.path, maxQueued: 16 }, (event) =>
      event.sequence === 1 ? new Promise<void>((resolve) => void (release = resolve)) : undefined,
    );
    await run.until("connected", () => plugin.clients.length === 1);
    plugin.write(...exec(1));
    await run.untilDelivered(1);
    const open = (pid: number): string =>
      `type=SYSCALL msg=audit(1767225600.000:${pid}): arch=c000003e syscall=165 success=yes exit=0 a0=1 items=0 ppid=1 pid=${pid} uid=0 exe="/x" key="k"\ntype=EOE msg=audit(1767225600.000:${pid}): `;
    for (let pid = 2; pid <= 50; pid++) plugin.write(open(pid));
    for (let pid = 51; pid <= 60; pid++) plugin.write(...exec(pid));
    await run.until("all read", () => run.source.health().eventsTotal === 60);
    expect(run.source.health()).toMatchObject({ droppedByUs: 60 - 1 - 16, openEvents: 1, waitingEvents: 16 });
    release();
    await run.untilDelivered(17);
    const kinds = run.events.map((event) => event.kind);
    expect(kinds.filter((kind) => kind === "exec")).toHaveLength(11);
    await run.stop();
  });

  it("fails when the consumer fails", async () => {
    await using plugin = new Plugin();
    await plugin.listen();
    const run = await start({ path: plugin.path }, () => Promise.reject(new Error("consumer")));
    await run.until("connected", () => plugin.clients.length === 1);
    plugin.write(...exec(1));
    await expect(run.finished).rejects.toThrow("consumer");
    await run.source[Symbol.asyncDispose]();
  });

  it("holds no more bytes of events than a slow consumer may cost, and counts the ones left out [linux-audit socket]", async () => {
    await using plugin = new Plugin();
    await plugin.listen();
    const hold = Promise.withResolvers<void>();
    const run = await start({ path: plugin.path }, () => hold.promise);
    await run.until("connected", () => plugin.clients.length === 1 && run.source.health().connected);
    const argument = "x".repeat(7000);
    // A long vector comes in several records.
    const large = (pid: number): string[] => {
      const [call, , ...rest] = execRecords({ serial: pid, pid });
      const stamp = `type=EXECVE msg=audit(1767225600.000:${pid}):`;
      const parts = Array.from({ length: 16 }, (_, at) => `${stamp} ${at === 0 ? "argc=16 " : ""}a${at}="${argument}"`);
      return [call!, ...parts, ...rest];
    };
    const count = 120;
    for (let pid = 1; pid <= count; pid++) plugin.write(...large(pid));
    await run.until("losses", () => run.source.health().eventsTotal === count);
    const dropped = run.source.health().droppedByUs;
    expect(dropped).toBeGreaterThan(30);
    expect(dropped).toBeLessThan(60);
    hold.resolve();
    await run.untilDelivered(count - dropped);
    // Those that waited longest went: what happens now is worth more than what the consumer may never come to.
    expect(run.pids.at(-1)).toBe(count);
    // There is room again.
    plugin.write(...large(500));
    await run.untilDelivered(count - dropped + 1);
    expect(run.source.health().droppedByUs).toBe(dropped);
    await run.stop();
  });
});
