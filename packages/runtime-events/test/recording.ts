import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const folder = join(import.meta.dirname, "../fixtures/recording");

/** The recorded export files, unpacked, oldest first; the last one is `tetragon.log`. */
export function recordedFiles(
  name: "export" | "export-rate-limited",
): { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(join(folder, name))
    .toSorted()
    .map((file) => ({ name: file.slice(0, -3), bytes: gunzipSync(readFileSync(join(folder, name, file))) }));
}

/** A container of the recording as the program saw it that started it. */
export interface RecordedContainer {
  readonly id: string;
  readonly name: string;
  readonly hostPid: number;
  readonly podUid: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  /** Undefined when it ran to the end of the recording. */
  readonly removedAtMs: number | undefined;
  /** Commands it says it ran, `STEP` and `BG` lines, except the ones that could not be executed. */
  readonly commands: readonly string[];
  /** The same with when it noted them, which for a `STEP` is when it was over. */
  readonly steps: readonly RecordedStep[];
}

/** A command that a container says it ran. */
interface RecordedStep {
  readonly atMs: number;
  readonly command: string;
  /** False where the shell quoted it, or cut it short. */
  readonly isVerbatim: boolean;
  /** Length of the argument vector with argv[0]; undefined when it was not noted. */
  readonly argumentCount: number | undefined;
}

/** The containers of the recording in the order in which they started; the log of what each of them did is the ground truth. */
export function recordedContainers(): RecordedContainer[] {
  const logs = filesOfTar(gunzipSync(readFileSync(join(folder, "containers.tar.gz"))));
  const truth = groundTruth();
  const created = timesOf(truth, "CREATE");
  const removed = timesOf(truth, "REMOVED");
  const pods = new Map([...truth.matchAll(/ CREATE name=\S+ id=(\w+) pod=(\S+)/g)].map(([, id, pod]) => [id!, pod!]));
  const bootedAtMs = bootTimeMs(truth);
  return [...truth.matchAll(/^(\S+) STARTED name=(\S+) id=(\w+) rc=0 hostpid=(\d+)/gm)].map(
    ([, time, name, id, pid]) => {
      const steps = stepsOf(logs.get(`containers/${id}.log`)?.toString("utf8") ?? "", bootedAtMs);
      return {
        id: id!,
        name: name!,
        hostPid: Number(pid),
        podUid: pods.get(id!) ?? "",
        createdAtMs: created.get(id!) ?? 0,
        startedAtMs: Date.parse(time!),
        removedAtMs: removed.get(id!),
        commands: steps.map((step) => step.command),
        steps,
      };
    },
  );
}

/** From when to when Tetragon surely saw everything, oldest first; the last time is that of the rate-limited export. */
export function recordedWatches(): { readonly fromMs: number; readonly untilMs: number }[] {
  const truth = groundTruth();
  const stops = [...truth.matchAll(/^(\S+) TETRAGON-STOP /gm)].map(([, time]) => Date.parse(time!));
  return [...truth.matchAll(/^(\S+) TETRAGON-READY /gm)].map(([, time], at) => ({
    fromMs: Date.parse(time!),
    untilMs: stops[at]!,
  }));
}

function groundTruth(): string {
  return gunzipSync(readFileSync(join(folder, "ground-truth.log.gz"))).toString("utf8");
}

function timesOf(truth: string, word: string): Map<string, number> {
  const lines = truth.matchAll(new RegExp(`^(\\S+) ${word} name=\\S+ id=(\\w+)`, "gm"));
  return new Map([...lines].map(([, time, id]) => [id!, Date.parse(time!)]));
}

/** Some containers note the time since boot. */
function bootTimeMs(truth: string): number {
  const [, uptime, wall] = / BOOT btime=\d+ uptime=([\d.]+) \S+ wall=([\d.]+)/.exec(truth) ?? [];
  return (Number(wall) - Number(uptime)) * 1000;
}

function stepsOf(log: string, bootedAtMs: number): RecordedStep[] {
  const steps: RecordedStep[] = [];
  for (const line of log.split("\n")) {
    const match = /^(?:STEP|BG) n=\d+ (up|t)=([\d.]+) pid=\d+ (?:rc=(\d+) )?cmd=(.*)$/.exec(line);
    // A program that fails to execute makes no event.
    if (match === null || match[3] === "126" || match[3] === "127") continue;
    const [, clock, seconds, , text] = match;
    // One script notes itself before the command, and behind it how many arguments there were.
    const counted = /^\/scripts\/\S+ (.*?) {1,2}argc=(\d+)$/.exec(text!);
    const command = counted?.[1] ?? text!;
    steps.push({
      atMs: Number(seconds) * 1000 + (clock === "up" ? bootedAtMs : 0),
      command,
      isVerbatim: counted === null || isWhole(command, Number(counted[2])),
      argumentCount: counted === null ? undefined : Number(counted[2]),
    });
  }
  return steps;
}

/** The script quotes what is odd and cuts what is long. */
function isWhole(command: string, argumentCount: number): boolean {
  return command.length < 300 && /^\/[^'\\]*$/.test(command) && command.split(" ").length === argumentCount;
}

/** Regular files of a tar archive: blocks of 512 bytes, a header with name and octal size before each file. */
function filesOfTar(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const text = (start: number, length: number): string =>
      tar.toString("latin1", at + start, at + start + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 12), 8);
    const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
    const name = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    if (text(156, 1) === "0" || text(156, 1) === "")
      files.set(name.replace(/^\.\//, ""), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
