/** Records executions until it is killed, and writes the number of each one that was acknowledged to standard output. */
import { writeSync } from "node:fs";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openDirectoryProfileStore } from "@kinglet/storage-client";
import { openLearner } from "../src/index.ts";
import { exec, identityOf } from "./learner-bench.ts";

const [, , folder = "", first = "0"] = process.argv;
const learner = await openLearner({
  store: await openDirectoryProfileStore({ path: `${folder}/store` }),
  clock: systemClock,
  logger: noopLogger,
  metrics: noopMetrics,
  queueDir: `${folder}/queue`,
  timings: { initialDelayMs: 30, updatePeriodMs: 50, persistDelayMs: 5, retryMs: 20, maxRetryMs: 50 },
});
const { signal } = new AbortController();
void learner.run({ signal });
const identity = identityOf("a");
learner.containerStarted(identity, { profileName: "p", isAlreadyRunning: first !== "0" });
for (let number = Number(first); ; number += 1) {
  const position = learner.record(exec(`/bin/${number}`), identity);
  learner.whenPersisted(position, number, (acknowledged) => writeSync(1, `${acknowledged}\n`));
  await new Promise((resolve) => setTimeout(resolve, number % 3));
}
