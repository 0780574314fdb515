/**
 * Time to make the form of a profile that rules ask, and what it keeps:
 * `node --expose-gc --conditions=@kinglet/source packages/profile-cache/bench/project.ts`
 */
import { checksum, parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { joinProfiles } from "@kinglet/profile/merging";

import { compileProjectionSpec } from "../src/compile-projection-spec.ts";
import type { ProfileContent } from "../src/profile-content.ts";
import { projectProfile } from "../src/project-profile.ts";
import { keepEverything, type ProjectionSpec } from "../src/projection-spec.ts";
import { profileText, small } from "../test/realistic-profile.ts";
import { threadMicros } from "./thread-time.ts";

const SAMPLES = 41;
const ROUNDS = 100;

/** What rules like those that ship with node-agent ask for. */
const asked = compileProjectionSpec([
  { execs: "all", syscalls: "all", capabilities: "all" },
  {
    opens: [
      { prefix: "/etc/" },
      { prefix: "/usr/lib/app-7/module-1" },
      { suffix: ".pem" },
      { contains: "serviceaccount" },
    ],
  },
  { egressDomains: "all", egressAddresses: "all" },
]);

const profiles: ContainerProfile[] = Array.from({ length: ROUNDS }, (_, seed) =>
  parseContainerProfile(JSON.parse(profileText("web", seed, small)) as unknown),
);
let sink = 0;

/** Median and, because other programs take the caches now and then, the best. */
function micros(run: (profile: ContainerProfile) => void): readonly [median: number, best: number] {
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const started = threadMicros();
    for (const profile of profiles) run(profile);
    samples.push((threadMicros() - started) / ROUNDS);
  }
  const sorted = samples.toSorted((left, right) => left - right);
  return [sorted[SAMPLES >> 1] ?? 0, sorted[0] ?? 0];
}

function retainedBytes(projection: ProjectionSpec): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  const held: ProfileContent[] = [];
  const measure = (): number => {
    for (let round = 0; round < 4; round += 1) globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = measure();
  // Texts of their own, so that nothing is shared with a document that stays.
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const profile = parseContainerProfile(JSON.parse(profileText("web", seed, small)) as unknown);
    held.push(projectProfile(profile.spec, `sum-${seed}`, projection));
  }
  const bytes = (measure() - before) / held.length;
  sink += held.length;
  return bytes;
}

function print(what: string, value: number, unit: string, limit: number): void {
  const ratio = (value / limit).toFixed(2);
  console.log(`${what.padEnd(58)} ${value.toFixed(0).padStart(7)} ${unit}  ${ratio} \u00d7 the limit of ${limit}`);
}

console.log("profile of 500 opens, 50 execs, 120 syscalls, 50 egress");
for (const [name, projection] of [["everything", keepEverything] as const, ["what rules ask for", asked] as const]) {
  const [median, best] = micros((profile) => void (sink += projectProfile(profile.spec, "sum", projection).bytes));
  print(`projectProfile/${name}/median`, median, "\u00b5s", 149);
  print(`projectProfile/${name}/best`, best, "\u00b5s", 149);
  print(`projectProfile/${name}/retained`, retainedBytes(projection), "B", 35_000);
}
const [, sumMicros] = micros((profile) => void (sink += checksum(profile).length));
const sortedProfiles = new Map(profiles.map((profile) => [profile, joinProfiles(profile, profile)]));
const [, sortedMicros] = micros((profile) => void (sink += checksum(sortedProfiles.get(profile) ?? profile).length));
for (const [order, time] of [
  ["in any order", sumMicros] as const,
  ["sorted, as Kinglet writes it", sortedMicros] as const,
]) {
  const what = `checksum, once per change, ${order}/best`;
  console.log(`${what.padEnd(58)} ${time.toFixed(0).padStart(7)} \u00b5s`);
}
if (sink === 0) throw new Error("nothing was made");
