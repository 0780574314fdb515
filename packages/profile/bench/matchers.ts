/**
 * Nanoseconds a match, against the obvious version:
 * `node --conditions=@kinglet/source packages/profile/bench/matchers.ts`
 */
import {
  AddressMatcher,
  DnsMatcher,
  EndpointMatcher,
  ExecArgumentsMatcher,
  PathMatcher,
} from "../src/matching/index.ts";
import { matchesObviously } from "../test/matches-obviously.ts";
import { threadNanoseconds } from "./thread-time.ts";

const ROUNDS = 200_000;
const NAIVE_ROUNDS = 500;

const literals = Array.from({ length: 500 }, (_, index) => `/usr/lib/app/module-${index % 37}/part-${index}.so`);
const patterns = Array.from({ length: 20 }, (_, index) => `/var/lib/data-${index}/⋯/segment-${index}/*`);
const paths = [...literals, ...patterns];
const names = Array.from({ length: 50 }, (_, index) =>
  index % 5 === 0 ? `*.zone-${index}.example.com.` : `api-${index}.example.com.`,
);
const addresses = Array.from({ length: 50 }, (_, index) =>
  index % 5 === 0 ? `10.${index}.0.0/16` : `192.0.2.${index}`,
);
const endpoints = Array.from({ length: 60 }, (_, index) =>
  index % 6 === 0 ? `:8080/v${index}/⋯` : `:8080/v1/${index}`,
);
const execs = Array.from({ length: 50 }, (_, index) => ({
  path: `/usr/bin/tool-${index}`,
  args: [`tool-${index}`, "--config", "⋯", "⋯⋯"],
  argsRequired: false,
}));
const args = ["tool-25", "--config", "/etc/app.conf", "-v"];

const path = new PathMatcher(paths);
const dns = new DnsMatcher(names);
const address = new AddressMatcher(addresses);
const endpoint = new EndpointMatcher(endpoints);
const exec = new ExecArgumentsMatcher(execs);
const set = new Set(literals);
// Fresh strings in one piece, as a decoder makes them: never seen before, so that nothing about them is known.
const hits = literals.map((text) => Buffer.from(text).toString("latin1"));
let turn = 0;
const next = (): string => hits[(turn += 1) % hits.length]!;

const naivePath = (text: string): boolean => paths.some((entry) => matchesObviously(entry, text));
const naiveAddress = (text: string): boolean => {
  const number = (of: string): number => of.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return addresses.some((entry) => {
    const [base = "", length = "32"] = entry.split("/");
    const size = 2 ** (32 - Number(length));
    return Math.floor(number(base) / size) === Math.floor(number(text) / size);
  });
};
const naiveName = (text: string): boolean =>
  names.some((entry) => {
    const expected = entry.toLowerCase().split(".");
    const actual = text.toLowerCase().split(".");
    return expected.length === actual.length && expected.every((label, at) => label === "*" || label === actual[at]);
  });

const candidates: readonly (readonly [name: string, run: () => unknown, naive: (() => unknown) | undefined])[] = [
  ["path/literal of 500+20", () => path.matches(next()), () => naivePath(next())],
  ["path/literal in a Set", () => set.has(next()), undefined],
  [
    "path/wildcard, last of 20",
    () => path.matches("/var/lib/data-19/7/segment-19/a/b"),
    () => naivePath("/var/lib/data-19/7/segment-19/a/b"),
  ],
  ["path/no match", () => path.matches("/var/lib/other/7/segment/a"), () => naivePath("/var/lib/other/7/segment/a")],
  [
    "endpoint/wildcard of 60",
    () => endpoint.matches(":8080/v54/users"),
    () => endpoints.some((entry) => matchesObviously(entry, ":8080/v54/users")),
  ],
  ["exec with arguments of 50", () => exec.matches("/usr/bin/tool-25", args), undefined],
  ["name/literal of 50", () => dns.matches("api-49.example.com."), () => naiveName("api-49.example.com.")],
  ["name/wildcard", () => dns.matches("v1.zone-45.example.com"), () => naiveName("v1.zone-45.example.com.")],
  ["address/literal of 50", () => address.matches("192.0.2.49"), () => naiveAddress("192.0.2.49")],
  ["address/no match", () => address.matches("198.51.100.1"), () => naiveAddress("198.51.100.1")],
];

for (const [name, run, naive] of candidates) {
  const own = threadNanoseconds([[name, run]], ROUNDS)[0]!;
  const slow = naive === undefined ? undefined : threadNanoseconds([[name, naive]], NAIVE_ROUNDS)[0]!;
  const ratio = slow === undefined ? "" : `, obvious version ${slow.toFixed(0)} ns (${(slow / own).toFixed(0)} x)`;
  console.log(`${name.padEnd(28)} ${own.toFixed(0).padStart(5)} ns${ratio}`);
}
