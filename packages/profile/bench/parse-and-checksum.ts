/**
 * Time to decode, parse and hash one large profile:
 * `node --conditions=@kinglet/source packages/profile/bench/parse-and-checksum.ts`
 */
import { checksum, parseContainerProfile } from "../src/index.ts";

const ROUNDS = 50;
const SAMPLES = 9;

const list = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const text = JSON.stringify({
  metadata: { name: "web", namespace: "shop" },
  spec: {
    opens: list(2_000, (index) => ({
      path: `/usr/lib/app/module-${index % 37}/part-${index}.so`,
      flags: ["O_RDONLY", "O_CLOEXEC"],
    })),
    execs: list(200, (index) => ({
      path: `/usr/bin/tool-${index}`,
      args: [`tool-${index}`, "--config", "/etc/app.conf"],
    })),
    syscalls: list(120, (index) => `syscall_${index}`),
    endpoints: list(60, (index) => ({ endpoint: `:8080/v1/${index}`, methods: ["GET"], direction: "inbound" })),
  },
});
const document: unknown = JSON.parse(text);
const profile = parseContainerProfile(document);

const candidates: readonly (readonly [string, () => unknown])[] = [
  ["JSON.parse (oracle)", () => JSON.parse(text) as unknown],
  ["parseContainerProfile", () => parseContainerProfile(document)],
  ["checksum", () => checksum(profile)],
];
const samples = candidates.map((): number[] => []);
for (let sample = 0; sample < SAMPLES; sample += 1) {
  for (const [index, [, run]] of candidates.entries()) {
    // Time of this thread: other programs on the machine do not count.
    const start = process.threadCpuUsage();
    for (let round = 0; round < ROUNDS; round += 1) run();
    const { user, system } = process.threadCpuUsage(start);
    samples[index]?.push((user + system) / 1_000 / ROUNDS);
  }
}
for (const [index, [name]] of candidates.entries()) {
  const sorted = (samples[index] ?? []).toSorted((left, right) => left - right);
  console.log(
    `${name.padEnd(24)} ${(sorted[SAMPLES >> 1] ?? 0).toFixed(2)} ms for ${(text.length / 1024).toFixed(0)} KB of JSON`,
  );
}
