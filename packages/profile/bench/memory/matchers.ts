/**
 * Bytes that matchers keep beside the list they were given, and bytes a question allocates:
 * `node --expose-gc --conditions=@kinglet/source packages/profile/bench/memory/matchers.ts`
 */
import { AddressMatcher, DnsMatcher, PathMatcher } from "../../src/matching/index.ts";

const MATCHERS = 200;
const ENTRIES = 500;
const QUESTIONS = 200_000;

declare const gc: () => void;

function usedBytes(): number {
  gc();
  gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + (external >= arrayBuffers ? 0 : arrayBuffers);
}

const paths = Array.from({ length: ENTRIES }, (_, index) => `/usr/lib/app/module-${index % 37}/part-${index}.so`);
const names = Array.from({ length: ENTRIES }, (_, index) => `api-${index}.example.com.`);
const addresses = Array.from({ length: ENTRIES }, (_, index) => `10.0.${index >> 8}.${index & 255}`);

const candidates: readonly (readonly [name: string, make: () => { matches(value: string): boolean }, probe: string])[] =
  [
    ["PathMatcher", () => new PathMatcher(paths), paths[7]!],
    ["DnsMatcher", () => new DnsMatcher(names), names[7]!],
    ["AddressMatcher", () => new AddressMatcher(addresses), addresses[7]!],
    [
      "Set of strings (oracle)",
      () => {
        const set = new Set(paths);
        return { matches: (value) => set.has(value) };
      },
      paths[7]!,
    ],
  ];

for (const [name, make, probe] of candidates) {
  make().matches(probe);
  const before = usedBytes();
  const kept = Array.from({ length: MATCHERS }, make);
  const unused = usedBytes();
  for (const matcher of kept) matcher.matches(probe);
  const used = usedBytes();
  const each = (bytes: number): string => (bytes / MATCHERS).toFixed(0).padStart(6);
  const warm = kept[0]!;
  for (let question = 0; question < QUESTIONS; question += 1) warm.matches(probe);
  gc();
  const start = process.memoryUsage().heapUsed;
  for (let question = 0; question < QUESTIONS; question += 1) warm.matches(probe);
  const allocated = Math.max(0, process.memoryUsage().heapUsed - start) / QUESTIONS;
  console.log(
    `${name.padEnd(24)} unused ${each(unused - before)} B, after the first question ${each(used - before)} B ` +
      `for ${ENTRIES} entries; ${allocated.toFixed(2)} B a question`,
  );
}
