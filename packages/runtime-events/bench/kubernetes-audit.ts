// What Kubernetes audit costs: node --conditions=@kinglet/source bench/kubernetes-audit.ts
// Bodies of about 16 MiB, made of the recorded events with audit ids of their own. Each way in a process of its own, whose peak of resident memory is
// printed too. `list`: through the route, in pieces of 64 KiB; `parse`: the same body put together and parsed as a whole, then judged (the oracle);
// `https`: posted by another process with a client certificate; `log`: from the log file.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finding } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { AuditIntake, createKubernetesAuditRoute, openKubernetesAuditLog } from "../src/kubernetes-audit/index.ts";
import { openWebhookListener } from "../src/webhook/index.ts";
import { pem } from "../test/open-webhook.ts";
import { eventList, recordedAuditLines } from "../test/recorded-audit-events.ts";

const bodyBytes = 16_000_000;
const bodies = 10;
const pieceBytes = 65_536;
const certificates = join(import.meta.dirname, "../test/certificates");

/** The events of body number `n`; ids differ, so that nothing is a repeat. */
function linesOf(n: number): string[] {
  const recorded = recordedAuditLines();
  const lines: string[] = [];
  for (let bytes = 0, turn = 0; ; turn++) {
    for (const line of recorded) {
      const next = line.replace(/"auditID":"[^"]*"/, `"auditID":"${n}-${turn}-${lines.length}"`);
      bytes += next.length + 1;
      if (bytes > bodyBytes) return lines;
      lines.push(next);
    }
  }
}

let findings = 0;
/** Resident before the first body, bytes. */
let before = 0;
const queue = {
  offer: (_finding: Finding): boolean => {
    findings++;
    return true;
  },
};
const intake = new AuditIntake({ metrics: noopMetrics, clock: systemClock });
const route = createKubernetesAuditRoute({ intake, queue });

const ways: Readonly<Record<string, () => Promise<{ events: number; ms: number }>>> = {
  // eslint-disable-next-line @typescript-eslint/require-await -- one shape for all
  list: async () =>
    timed((body) => {
      const reader = route.open();
      for (let at = 0; at < body.length; at += pieceBytes) reader.push(body.subarray(at, at + pieceBytes));
      if (reader.end() !== undefined) throw new Error("refused");
    }),
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  parse: async () =>
    timed((body) => {
      const pieces: Buffer[] = [];
      for (let at = 0; at < body.length; at += pieceBytes) pieces.push(Buffer.from(body.subarray(at, at + pieceBytes)));
      const { items } = JSON.parse(Buffer.concat(pieces).toString("utf8")) as { items: unknown[] };
      for (const item of items) intake.take(item, queue.offer);
    }),
  https: async () => {
    const listener = await openWebhookListener({
      bind: "127.0.0.1:0",
      certificate: {
        certificateFile: join(certificates, "server-one.pem"),
        keyFile: join(certificates, "server-one.key"),
      },
      clientAuthorityFile: join(certificates, "clients-a.pem"),
      routes: [route],
      clock: systemClock,
      logger: noopLogger,
      metrics: noopMetrics,
    });
    const child = spawn(
      process.execPath,
      ["--conditions=@kinglet/source", import.meta.filename, "post", String(listener.port)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let text = "";
    globalThis.gc?.();
    before = process.memoryUsage.rss();
    for await (const part of child.stdout) text += String(part);
    await listener[Symbol.asyncDispose]();
    return JSON.parse(text) as { events: number; ms: number };
  },
  log: async () => {
    const folder = mkdtempSync(join(tmpdir(), "kinglet-audit-bench-"));
    let events = 0;
    for (let n = 0; n < bodies; n++) {
      const lines = linesOf(n);
      events += lines.length;
      writeFileSync(join(folder, "audit.log"), `${lines.join("\n")}\n`, { flag: "a" });
    }
    globalThis.gc?.();
    before = process.memoryUsage.rss();
    const path = join(folder, "audit.log");
    const common = { intake, clock: systemClock, logger: noopLogger, metrics: noopMetrics };
    const log = await openKubernetesAuditLog({ path, startAt: "checkpoint-or-beginning", ...common });
    const controller = new AbortController();
    const began = performance.now();
    const running = log.run({ signal: controller.signal, deliver: () => void findings++ });
    while (log.health().eventsTotal < events) await new Promise((resolve) => setTimeout(resolve, 2));
    const ms = performance.now() - began;
    controller.abort();
    await running;
    await log[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    return { events, ms };
  },
};

function timed(take: (body: Buffer) => void): { events: number; ms: number } {
  let events = 0;
  let ms = 0;
  for (let n = 0; n < bodies; n++) {
    const lines = linesOf(n);
    events += lines.length;
    const body = Buffer.from(eventList(lines));
    const began = performance.now();
    take(body);
    ms += performance.now() - began;
  }
  return { events, ms };
}

async function post(port: number): Promise<{ events: number; ms: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let events = 0;
  let ms = 0;
  for (let n = 0; n < bodies; n++) {
    const lines = linesOf(n);
    events += lines.length;
    const body = Buffer.from(eventList(lines));
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          path: "/kubernetes-audit",
          method: "POST",
          agent,
          ca: pem("servers.pem"),
          cert: pem("api-server.pem"),
          key: pem("api-server.key"),
          headers: { "content-type": "application/json", "content-length": body.length },
        },
        (answer) => {
          if (answer.statusCode === 200) answer.resume().on("end", resolve);
          else reject(new Error(String(answer.statusCode)));
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
    ms += performance.now() - began;
  }
  agent.destroy();
  return { events, ms };
}

const [way, port] = process.argv.slice(2);
if (way === undefined) {
  for (const name of Object.keys(ways)) {
    const child = spawn(process.execPath, ["--conditions=@kinglet/source", "--expose-gc", import.meta.filename, name], {
      stdio: "inherit",
    });
    await new Promise((resolve) => child.once("exit", resolve));
  }
} else if (way === "post") {
  process.stdout.write(JSON.stringify(await post(Number(port))));
} else {
  const { events, ms } = await ways[way]!();
  const { maxRSS } = process.resourceUsage();
  console.log(
    `${way.padEnd(6)} ${Math.round((events / ms) * 1000)} events/s, ${Math.round((bodies * bodyBytes) / ms / 1000)} MB/s, ${findings} findings, peak resident ${Math.round(maxRSS / 1024)} MB${before === 0 ? "" : `, ${Math.round(before / 1_048_576)} MB before the first body`}`,
  );
}
