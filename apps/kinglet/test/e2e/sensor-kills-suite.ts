import { setTimeout as delay } from "node:timers/promises";
import { waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ComponentActs } from "./component-acts.ts";
import { ComponentReceiver } from "./component-receiver.ts";
import { LearningBench, type LearnedWorkload, type StoredProfile } from "./learning-bench.ts";
import { seededRandom } from "./seeded-random.ts";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, nodeName, permitted } from "./shop.ts";

/** Kills of one series. */
const kills = 25;
/** Longest life of a sensor, in times that the first one needs to be ready; the shortest ends before it is. */
const longestLife = 5;
const linesPerRotation = 60;
/** Runs over and over; what is told of it is held back but for the first time. */
const repeatedBinary = "/usr/bin/nc";

/** One alert as a sensor wrote it. */
interface Seen {
  readonly execId: string;
  readonly uniqueId: string;
  readonly binary: string;
}

/**
 * What survives kills at random moments under load: every event is learned or judged, what a profile once held stays in it, every alert
 * leaves, and a kill repeats at most one: of what left just before it, and of what is held back.
 */
export function sensorKillsSuite(
  title: string,
  open: () => Promise<ClusterFixture>,
  seeds: readonly number[],
  isSkipped = false,
): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: ClusterFixture;
    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());

    it.each(seeds)(
      `loses nothing over ${String(kills)} kills and repeats at most one alert per kill, seed %i`,
      async (seed) => {
        const random = seededRandom(seed);
        await using bench = await LearningBench.open(fixture, `kills-${String(seed)}`);
        await using receiver = await ComponentReceiver.open();
        const judged = [
          await addWorkload(fixture, bench.namespace, "cart"),
          await addWorkload(fixture, bench.namespace, "side"),
        ] as const;

        const start = (): Promise<SensorProcess> =>
          SensorProcess.start({
            folder: bench.folder.path,
            kubeconfig: fixture.kubeconfigPath,
            tetragonFile: bench.events.path,
            holdsBack: true,
            args: [
              ...["--node-name", nodeName, "--alert-budget", "0", "--export-alertmanager", receiver.url],
              ...["--learning-initial-delay", "300ms", "--learning-update-period", "500ms", "--profile-refresh", "1s"],
            ],
          });
        // The containers that are learned start under the eyes of the first sensor, whose state the others continue.
        const learning: LearnedWorkload[] = [];
        const launchedAtMs = performance.now();
        const first = await start();
        await first.ready();
        const longestLifeMs = longestLife * (performance.now() - launchedAtMs);
        for (const name of ["learned", "also-learned"]) {
          // A profile of what runs to its end is complete when it ends.
          learning.push(
            ...(await bench.addPod(name, ["app"], { owner: { apiVersion: "batch/v1", kind: "Job", name } })),
          );
        }

        const load = new KillLoad(random, judged, learning);
        // So does every container begin; who was killed before it had seen that could not say that the profile is complete.
        await bench.events.write(...load.begin());
        for (const workload of learning) await bench.learned(workload, ({ status }) => status === "ready");
        const writer = new AbortController();
        const writing = (async () => {
          while (!writer.signal.aborted) {
            // Whoever rotates has a line to write.
            if (load.count % linesPerRotation === 0) await bench.events.rotate();
            const line = load.next();
            const cut = Math.floor(random() * line.length);
            await bench.events.writePartial(line.slice(0, cut));
            await bench.events.writePartial(`${line.slice(cut)}\n`);
            await delay(random() * 10);
          }
        })();

        const runs: (readonly Seen[])[] = [];
        const logs: string[] = [];
        const stored = learning.map(() => new Set<string>());
        const checkStored = async (): Promise<void> => {
          for (const [at, workload] of learning.entries()) {
            const entries = entriesOf(await bench.profile(workload));
            expect(
              [...stored[at]!].filter((entry) => !entries.has(entry)),
              "gone from a profile",
            ).toEqual([]);
            stored[at] = entries;
          }
        };
        try {
          for (let round = 0; round < kills; round += 1) {
            const sensor = round === 0 ? first : await start();
            await delay(random() * longestLifeMs);
            await sensor.stop("SIGKILL");
            runs.push(seenBy(sensor));
            logs.push(sensor.stderr());
            await checkStored();
          }
        } finally {
          writer.abort();
          await writing;
        }

        await using last = await start();
        const others = new Set(runs.flat().map((row) => row.execId));
        const missing = (): readonly string[] => {
          const now = new Set(seenBy(last).map((row) => row.execId));
          return load.alerting.filter((execId) => !others.has(execId) && !now.has(execId));
        };
        await waitFor(() => missing().length === 0, {
          describe: () =>
            `${String(missing().length)} of ${String(load.alerting.length)} alerts, the first for ${missing()[0] ?? ""}\n${logs.join("")}${last.stderr()}`,
          timeoutMs: 60_000,
        });
        // A signal that comes before the program listens for it ends it at once.
        await last.ready();
        for (const [at, workload] of learning.entries()) {
          const expected = load.entries[at]!;
          await bench.learned(
            workload,
            (profile) => {
              const entries = entriesOf(profile);
              return expected.every((entry) => entries.has(entry));
            },
            30_000,
          );
        }
        await checkStored();
        for (const [at, workload] of learning.entries()) {
          const { text } = await last.debug("/debug/containers");
          await bench.report([workload], { terminated: { exitCode: 0 } }, { phase: "Succeeded" });
          expect((await bench.learned(workload)).completion, text).toBe("complete");
          expect(stored[at]).toEqual(new Set(load.entries[at]));
        }
        expect(await last.stop()).toBe(0);
        runs.push(seenBy(last));

        expect(runs.filter((run) => run.length > 0).length, "runs that got to write alerts").toBeGreaterThan(kills / 2);
        const uniqueIds = new Map<string, string>();
        // One alert may have left and not be noted when a kill comes; a run that is killed before it gets to it leaves it to the next.
        let repeated = 0;
        for (const [index, run] of runs.entries()) {
          repeated += run.filter((row) => uniqueIds.has(row.execId)).length;
          expect(repeated, `alerts repeated until run ${String(index)}`).toBeLessThanOrEqual(index);
          const held = run.filter(({ binary }) => binary === repeatedBinary);
          expect(held.length, `alerts of one kind by run ${String(index)}`).toBeLessThanOrEqual(judged.length);
          for (const { execId, uniqueId } of run) {
            expect(uniqueIds.get(execId) ?? uniqueId, "the same unique id").toBe(uniqueId);
            uniqueIds.set(execId, uniqueId);
          }
        }
        const alerted = new Set(runs.flatMap((run) => run.filter(isNotRepeated).map(({ execId }) => execId)));
        expect(alerted).toEqual(new Set(load.alerting));
        // What the receiver confirmed is what left, all of it, and came once, but for one at each kill.
        const confirmed = new Set(receiver.confirmed.map(({ uniqueId }) => uniqueId));
        expect(confirmed).toEqual(new Set(uniqueIds.values()));
        expect(receiver.confirmed.length - confirmed.size, "alerts that came again").toBeLessThanOrEqual(kills);
      },
    );
  });
}

function isNotRepeated({ binary }: Seen): boolean {
  return binary !== repeatedBinary;
}

function seenBy(sensor: SensorProcess): readonly Seen[] {
  return sensor.alerts().map(({ process, uniqueId }) => ({ execId: process.execId, uniqueId, binary: process.binary }));
}

function entriesOf(profile: StoredProfile | undefined): Set<string> {
  const { execs = [], opens = [], egress = [] } = profile?.spec ?? {};
  return new Set([
    ...execs.map(({ path }) => path),
    ...opens.map(({ path }) => path),
    ...egress.map(({ ipAddress = "" }) => ipAddress),
  ]);
}

/** Lines in a random order, and what must come of them. */
class KillLoad {
  /** Executions that must raise an alert of their own. */
  readonly alerting: string[] = [];
  /** What the profile of each container that is learned must list. */
  readonly entries: readonly (readonly string[])[];
  count = 0;
  readonly #entries: readonly string[][];
  readonly #acts: ComponentActs = new ComponentActs();
  readonly #random: () => number;
  readonly #judged: readonly ShopPair[number][];
  readonly #learning: readonly LearnedWorkload[];

  constructor(random: () => number, judged: ShopPair, learning: readonly LearnedWorkload[]) {
    this.#random = random;
    this.#judged = judged;
    this.#learning = learning;
    this.#entries = learning.map(() => []);
    this.entries = this.#entries;
  }

  /** The containers that are learned begin with an execution each. */
  begin(): readonly string[] {
    return this.#learning.map((workload, at) => {
      this.#entries[at]!.push("/entry");
      return this.#acts.executes(workload, "/entry");
    });
  }

  next(): string {
    this.count += 1;
    const what = this.#random();
    return what < 0.3 ? this.#learned() : this.#judgedLine(what);
  }

  #judgedLine(what: number): string {
    const workload = this.#judged[this.#random() < 0.7 ? 0 : 1]!;
    if (what < 0.5) return this.#acts.executes(workload, permitted[0] ?? "");
    if (what < 0.65) return this.#acts.executes(workload, repeatedBinary);
    const line = this.#acts.executes(workload, `/tmp/x${String(this.count)}`);
    const { process_exec: body } = JSON.parse(line) as {
      readonly process_exec: { readonly process: { readonly exec_id: string } };
    };
    this.alerting.push(body.process.exec_id);
    return line;
  }

  #learned(): string {
    const at = this.#random() < 0.7 ? 0 : 1;
    const workload = this.#learning[at]!;
    const entries = this.#entries[at]!;
    const what = this.#random();
    const number = this.count;
    if (what < 0.4) {
      entries.push(`/bin/b${String(number)}`);
      return this.#acts.executes(workload, entries.at(-1)!);
    }
    if (what < 0.7) {
      entries.push(`/srv/d${String(number % 20)}/f${String(number)}`);
      return this.#acts.opens(workload, entries.at(-1)!);
    }
    entries.push(`203.0.${String(number >> 8)}.${String(number & 255)}`);
    return this.#acts.connects(workload, entries.at(-1)!, 443);
  }
}

type ShopPair = readonly [Awaited<ReturnType<typeof addWorkload>>, Awaited<ReturnType<typeof addWorkload>>];
