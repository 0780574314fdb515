/**
 * What an alert about a long command line costs detection, and how large it is:
 *
 *   node --conditions=@kinglet/source packages/detection/bench/long-arguments.ts
 */
import { ExecEvent } from "@kinglet/enrichment";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";

import { createDetector, loadBuiltinRules } from "../src/index.ts";
import { container, host, profile } from "./mixed-events.ts";
import { profileViewOf } from "../test/profile-views.ts";
import { setAnswers } from "./set-answers.ts";

const view = profileViewOf(profile, { checksum: "c", content: setAnswers(profile) });
const rules = (await loadBuiltinRules()).filter(({ id }) => id === "R0001");
const detector = createDetector({
  rules,
  profiles: { get: () => view },
  host,
  clusterName: "demo",
  nodeName: "node-1",
  logger: noopLogger,
  metrics: noopMetrics,
});
await detector.prepare();

const times = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / text.length)).trimEnd();
const lines: Readonly<Record<string, string>> = {
  "100 B": times("-Dabc=xyz ", 100),
  "60 KB plain": times("abcdefghi ", 60_000),
  "60 KB -Dabc=xyz": times("-Dabc=xyz ", 60_000),
  "60 KB token=abc": times("token=abc ", 60_000),
  "60 KB in one argument": `--data ${times("abcdefghij", 60_000)}`,
  "1 MB plain": times("abcdefghi ", 1_000_000),
};
for (const [name, args] of Object.entries(lines)) {
  let spent = 0;
  let found = 0;
  let bytes = 0;
  const rounds = args.length > 100_000 ? 20 : 300;
  for (let round = -rounds >> 2; round < rounds; round++) {
    // As from a source: the line is a text of its own, and nothing of it was worked out before.
    const own = Buffer.from(args).toString("latin1");
    const event = new ExecEvent({ sequence: 1, execId: `e${round}`, pid: 7, binary: "/tmp/tool", args: own });
    const fromMs = performance.now();
    const [draft] = detector.find(event, container);
    const foundMs = performance.now() - fromMs;
    const alert = draft?.build();
    if (round >= 0) {
      found += foundMs;
      spent += performance.now() - fromMs;
    }
    if (alert === undefined) throw new Error(`${name}: no alert`);
    bytes = Buffer.byteLength(JSON.stringify(alert));
  }
  const us = (ms: number): string => ((ms / rounds) * 1000).toFixed(0);
  process.stdout.write(`${name}: held back ${us(found)} us, leaving ${us(spent)} us, ${bytes} bytes as JSON\n`);
}
