/**
 * What compiled policies keep and what an evaluation allocates, in bytes of live heap. One fresh process:
 *
 *   node --expose-gc --conditions=@kinglet/source packages/policy-engine/bench/memory/policies.ts
 */
import { PolicySet, readWorkload } from "../../src/security-policy/index.ts";
import { manyPolicies, podObject, podWorkload } from "../../test/security-policy/many-policies.ts";

function liveBytes(): number {
  for (let round = 0; round < 4; round++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const lines = [`Node ${process.version}`];
const workload = podWorkload();
// process.memoryUsage and gc allocate at their first call; the criteria and their matchers are built with the first policy.
liveBytes();
const first = new PolicySet();
const atStart = liveBytes();
first.replace(manyPolicies(1));
first.evaluateDeploy({ workload });
lines.push(`tables of criteria, grammars and matchers, with their code: ${kb(liveBytes() - atStart)}`);

const beforeEngine = liveBytes();
first.replace(manyPolicies(1, "elaborate"));
await first.prepare();
first.evaluateDeploy({ workload });
lines.push(`pattern engine, loaded and used once: ${kb(liveBytes() - beforeEngine)}`);

for (const kind of ["plain", "elaborate"] as const) {
  for (const count of [50, 500, 5_000]) {
    const set = new PolicySet();
    const bare = liveBytes();
    const policies = manyPolicies(count, kind);
    const held = liveBytes();
    set.replace(policies);
    if (kind === "elaborate") await set.prepare();
    const prepared = liveBytes();
    const start = performance.now();
    if (set.evaluateDeploy({ workload }).length !== count) throw new Error("verdicts");
    const compileMs = performance.now() - start;
    const compiled = liveBytes();
    for (let round = 0; round < 20; round++) set.evaluateDeploy({ workload });
    const used = liveBytes();
    const runs = Math.max(Math.round(200_000 / count), 20);
    for (let round = 0; round < runs; round++) set.evaluateDeploy({ workload });
    const evaluationStart = performance.now();
    for (let round = 0; round < runs; round++) set.evaluateDeploy({ workload });
    const evaluationMs = performance.now() - evaluationStart;
    lines.push(
      `${count} ${kind} policies: compiled ${((compileMs * 1000) / count).toFixed(1)} us and ${((compiled - prepared) / count).toFixed(0)} B each` +
        ` (${((used - compiled) / count).toFixed(0)} B more in use; the policy itself ${((held - bare) / count).toFixed(0)} B, its place in` +
        ` the set ${((prepared - held) / count).toFixed(0)} B); evaluation ${((evaluationMs * 1000) / runs).toFixed(1)} us`,
    );
    set.replace([]);
  }
}

const set = new PolicySet();
set.replace(manyPolicies(50));
lines.push(
  `evaluating 50 policies that pass: ${allocatedBytes(() => set.evaluateDeploy({ workload }))} B allocated, the list of verdicts`,
);
const object = podObject();
lines.push(
  `reading the workload of a pod of three containers: ${allocatedBytes(() => readWorkload(object))} B allocated`,
);
process.stdout.write(`${lines.join("\n")}\n`);

/** Bytes a call allocates, collected later or not: over so few calls that nothing is collected meanwhile. */
function allocatedBytes(call: () => unknown): number {
  for (let round = 0; round < 20_000; round++) call();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    liveBytes();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 100; index++) call();
    const bytes = (process.memoryUsage().heapUsed - before) / 100;
    if (bytes >= 0) least = Math.min(least, bytes);
  }
  return Math.round(least);
}

function kb(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`;
}
