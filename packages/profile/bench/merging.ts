/**
 * Time to join, collapse, overlay and hash large profiles:
 * `node --conditions=@kinglet/source packages/profile/bench/merging.ts`
 */
import { checksum } from "../src/index.ts";
import {
  applyOverlays,
  collapseProfile,
  defaultCollapseConfiguration,
  joinProfiles,
  parseApplicationProfile,
} from "../src/merging/index.ts";
import { createLargeProfile } from "./large-profile.ts";
import { threadNanoseconds, type Candidate } from "./thread-time.ts";

const ROUNDS = 20;

const left = createLargeProfile(0);
const right = createLargeProfile(1);
const joined = joinProfiles(left, right);
// Thresholds that nothing passes: what the bookkeeping of collapsing costs when it finds nothing to do.
const never = { openDynamicThreshold: 1e9, endpointDynamicThreshold: 1e9, collapseConfigs: [] };
const document = {
  metadata: { name: "ug", namespace: "shop" },
  spec: { containers: [{ name: "web", ...right.spec }] },
};
const overlay = parseApplicationProfile(document);

const candidates: readonly Candidate[] = [
  ["collapse, thresholds passed", () => collapseProfile(left, defaultCollapseConfiguration)],
  ["collapse, nothing to do", () => collapseProfile(left, never)],
  ["join of two", () => joinProfiles(left, right)],
  ["join with what is known", () => joinProfiles(joined, joined)],
  ["join, never collapsed", () => joinProfiles(left, right, { collapse: never })],
  ["parse of an overlay", () => parseApplicationProfile(document)],
  ["overlay of as much again", () => applyOverlays(left, [overlay], { containerName: "web" })],
  ["checksum", () => checksum(left)],
];
const times = threadNanoseconds(candidates, ROUNDS);
for (const [index, [name]] of candidates.entries()) {
  console.log(`${name.padEnd(28)} ${(times[index]! / 1e6).toFixed(2)} ms for 2,000 opens and 200 execs a side`);
}
console.log(`opens: ${left.spec.opens.length} + ${right.spec.opens.length} become ${joined.spec.opens.length}`);
