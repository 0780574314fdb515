/**
 * What the prefilter costs for a path, against the obvious way of telling it, one prefix after the other:
 *
 *   node --conditions=@kinglet/source packages/policy-engine/bench/prefilter.ts
 *
 * The executable's flags: --no-sparkplug --no-maglev --max-semi-space-size=1 --no-concurrent-recompilation.
 */
import { compilePrefilter, type PrefilterFacts } from "../src/index.ts";

/** Least time of each, taken in turns, so that both meet the same noise. */
const rounds = 60;
const events = 64;
const perRound = 64_000;

const fifteen = [
  "/etc",
  "/var/log",
  "/var/run",
  "/run",
  "/var/spool/cron",
  "/var/www",
  "/var/lib",
  "/opt",
  "/usr/local",
  "/app",
  "/.dockerenv",
  "/proc/self/environ",
  "/srv",
  "/tmp",
  "/home",
];
const sixty = Array.from({ length: 60 }, (_, n) => `/data/volume-${n % 7}/part-${n}`);
/** R0002 of the default rules. */
const watched = {
  includePrefixes: fifteen.slice(0, 12),
  ignorePrefixes: [
    "/run/secrets/kubernetes.io/serviceaccount",
    "/var/run/secrets/kubernetes.io/serviceaccount",
    "/tmp",
  ],
};

interface Case {
  readonly name: string;
  readonly state: { readonly includePrefixes?: readonly string[]; readonly ignorePrefixes?: readonly string[] };
  readonly path: string;
}

const outside = "/usr/lib/app/x.so";
const lists = [fifteen.slice(0, 1), fifteen.slice(0, 5), fifteen, sixty];
const cases: readonly Case[] = [
  ...lists.flatMap((ignorePrefixes) => {
    const state = { ignorePrefixes };
    const count = String(ignorePrefixes.length);
    return [
      { name: `${count}: outside`, state, path: outside },
      { name: `${count}: below the first, ${ignorePrefixes[0]!}`, state, path: `${ignorePrefixes[0]!}/passwd` },
      { name: `${count}: below the last, ${ignorePrefixes.at(-1)!}`, state, path: `${ignorePrefixes.at(-1)!}/me/x` },
    ];
  }),
  { name: "R0002, 12 included and 3 ignored: outside", state: watched, path: outside },
  { name: "R0002: below /etc", state: watched, path: "/etc/passwd" },
  { name: "R0002: below /var/log", state: watched, path: "/var/log/syslog" },
  { name: "R0002: below /run, which has an exception", state: watched, path: "/run/utmp" },
  { name: "R0002: below the exception", state: watched, path: `${watched.ignorePrefixes[0]!}/token` },
];

/** One after the other. */
class ObviousFilter {
  readonly #ignored: readonly string[];
  readonly #included: readonly string[];

  constructor({ ignorePrefixes = [], includePrefixes = [] }: Case["state"]) {
    this.#ignored = ignorePrefixes;
    this.#included = includePrefixes;
  }

  skips({ path }: PrefilterFacts): boolean {
    if (path === "") return false;
    if (isBelowOne(path, this.#ignored)) return true;
    return this.#included.length > 0 && !isBelowOne(path, this.#included);
  }
}

function isBelowOne(path: string, prefixes: readonly string[]): boolean {
  for (let at = 0; at < prefixes.length; at++) {
    const prefix = prefixes[at]!; // Below the length.
    if (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/")) return true;
  }
  return false;
}

/** As events come: every path is a text of its own. */
function factsOf(path: string): readonly PrefilterFacts[] {
  const facts = {
    path,
    port: 0,
    direction: "",
    method: "",
    comm: "app",
    exepath: "/app",
    pcomm: "sh",
    parentPath: "/sh",
  };
  const text = JSON.stringify(facts);
  return Array.from({ length: events }, () => JSON.parse(text) as PrefilterFacts);
}

function passPrefilter(
  filter: { skips(facts: PrefilterFacts, isNetwork: boolean): boolean },
  list: readonly PrefilterFacts[],
): number {
  let skipped = 0;
  for (let at = 0; at < perRound; at++) if (filter.skips(list[at & (events - 1)]!, false)) skipped++;
  return skipped;
}

function passObvious(filter: ObviousFilter, list: readonly PrefilterFacts[]): number {
  let skipped = 0;
  for (let at = 0; at < perRound; at++) if (filter.skips(list[at & (events - 1)]!)) skipped++;
  return skipped;
}

/** What the loop and one bare `startsWith` cost. */
function passBare(prefix: string, list: readonly PrefilterFacts[]): number {
  let skipped = 0;
  for (let at = 0; at < perRound; at++) if (list[at & (events - 1)]!.path.startsWith(prefix)) skipped++;
  return skipped;
}

const measured = cases.map(({ name, state, path }) => ({
  name,
  filter: compilePrefilter(state)!,
  obvious: new ObviousFilter(state),
  list: factsOf(path),
  bestNs: Number.POSITIVE_INFINITY,
  obviousNs: Number.POSITIVE_INFINITY,
}));
let bareNs = Number.POSITIVE_INFINITY;
const passwd = factsOf("/etc/passwd");

function timed(pass: () => number): { readonly ns: number; readonly skipped: number } {
  const started = process.hrtime.bigint();
  const skipped = pass();
  return { ns: Number(process.hrtime.bigint() - started) / perRound, skipped };
}

for (let round = 0; round < rounds; round++) {
  for (const one of measured) {
    const quick = timed(() => passPrefilter(one.filter, one.list));
    const slow = timed(() => passObvious(one.obvious, one.list));
    if (quick.skipped !== slow.skipped) throw new Error(`${one.name}: the two differ`);
    one.bestNs = Math.min(one.bestNs, quick.ns);
    one.obviousNs = Math.min(one.obviousNs, slow.ns);
  }
  bareNs = Math.min(bareNs, timed(() => passBare("/etc", passwd)).ns);
}
process.stdout.write(`${"".padEnd(58)} prefilter   obvious\n`);
for (const { name, bestNs, obviousNs } of measured) {
  process.stdout.write(
    `${name.padEnd(58)} ${bestNs.toFixed(1).padStart(6)} ns ${obviousNs.toFixed(1).padStart(6)} ns\n`,
  );
}
process.stdout.write(`${'a bare startsWith("/etc")'.padEnd(58)} ${bareNs.toFixed(1).padStart(6)} ns\n`);
