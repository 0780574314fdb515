/**
 * Time to decode, parse and hash one large profile:
 * `node --conditions=@kinglet/source packages/profile/bench/parse-and-checksum.ts`
 */
import { checksum, parseContainerProfile } from "../src/index.ts";
import { list } from "./large-profile.ts";
import { threadNanoseconds, type Candidate } from "./thread-time.ts";

const ROUNDS = 50;

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

const candidates: readonly Candidate[] = [
  ["JSON.parse (oracle)", () => JSON.parse(text) as unknown],
  ["parseContainerProfile", () => parseContainerProfile(document)],
  ["checksum", () => checksum(profile)],
];
const times = threadNanoseconds(candidates, ROUNDS);
for (const [index, [name]] of candidates.entries()) {
  console.log(
    `${name.padEnd(24)} ${(times[index]! / 1e6).toFixed(2)} ms for ${(text.length / 1024).toFixed(0)} KB of JSON`,
  );
}
