// Runs an emulated agent: node --conditions=@kinglet/source src/main.ts --help
import { readFileSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { systemClock } from "@kinglet/lifecycle";
import { ExportFileWriter } from "./export-file-writer.ts";
import { faults } from "./fault-names.ts";
import { readRecording, recordedExport } from "./recording.ts";
import { strangeKinds, type StrangeKind } from "./strange-events.ts";
import { openTetragonEmulator, type EventRate } from "./tetragon-emulator.ts";

const help = `Plays a Tetragon agent from recorded events: its gRPC stream, its metrics, its export file.

  node --conditions=@kinglet/source src/main.ts --address unix:/tmp/tetragon.sock --rate 100

What it plays
  --address ADDRESS        unix:PATH or tcp:HOST:PORT (port 0: a free one)       default tcp:127.0.0.1:54321
  --recording PATH         export file or folder of them, also .gz; repeatable   default the repository's recording
  --rate N|recorded|asap|lossless  events a second, the recording's own pace, or as fast as the clients read  default 100
  --speed X                factor on the recorded pace                           default 1
  --burst N/MS             N events at once, every MS milliseconds, on top
  --loops N|forever        times through the recording; processes get new ids    default forever
  --keep-time              events keep their recorded time                       default: they happen now
  --keep-ids               processes keep their ids in every loop (with --keep-time events are encoded once)
  --seed N                 the same seed, the same run                           default 1
  --version V              release it plays; older ones ignore newer filters     default v1.7.0
  --unimplemented CALLS    calls it does not have, e.g. GetHealth,ListTracingPolicies
  --queue N                events that wait for each client; more are dropped    default 10000
  --wait-for-client        the events begin with the first client

What goes wrong
  --delayed SHARE/MIN/MAX/LOST  share of events that wait MIN..MAX ms for their pod; of these LOST never get it (0.05/2000/30000/0.1)
  --replay                 a client that connects gets all running processes again (flag procFS)
  --strange KINDS/N        after every N-th event one of each: ${strangeKinds.join(", ")}
  --fault NAME@SECOND[/SECONDS]  at this second: ${Object.keys(faults).join(", ")} (away for SECONDS); repeatable

Around it
  --tls-cert FILE --tls-key FILE [--client-ca FILE]   TLS, with --client-ca mTLS (tcp: only)
  --metrics HOST:PORT      serves tetragon_notify_overflowed_events_total and the like
  --export-file PATH       writes the export file too (mode 600)
  --export-max-bytes N  --export-backups N  --export-rotation rename|copy-truncate  --export-gzip  --export-partial-every N  --export-cut-every N
  --export-disk-bytes N    the disk is full after so many

It prints one line of JSON when it is ready: {"ready":true,"address":...,"metrics":...}, one with its counts when the events are over
(and at SIGUSR2), and the counts again when it ends (SIGTERM, SIGINT).`;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const options = {
  help: flag,
  address: { ...text, default: "tcp:127.0.0.1:54321" },
  recording: { ...text, multiple: true },
  rate: { ...text, default: "100" },
  speed: { ...text, default: "1" },
  burst: text,
  loops: { ...text, default: "forever" },
  "keep-time": flag,
  "keep-ids": flag,
  seed: { ...text, default: "1" },
  version: { ...text, default: "v1.7.0" },
  unimplemented: { ...text, default: "" },
  queue: { ...text, default: "10000" },
  "wait-for-client": flag,
  delayed: text,
  replay: flag,
  strange: text,
  fault: { ...text, multiple: true },
  "tls-cert": text,
  "tls-key": text,
  "client-ca": text,
  metrics: text,
  "export-file": text,
  "export-max-bytes": { ...text, default: "10485760" },
  "export-backups": { ...text, default: "5" },
  "export-rotation": { ...text, default: "rename" },
  "export-gzip": flag,
  "export-partial-every": { ...text, default: "0" },
  "export-cut-every": { ...text, default: "0" },
  "export-disk-bytes": { ...text, default: "forever" },
} as const satisfies ParseArgsConfig["options"];

/** Numbers of `1/2/3`. */
function numbers(value: string, name: string, count: number): number[] {
  const parts = value.split("/").map(Number);
  if (parts.length !== count || parts.some(Number.isNaN))
    throw new Error(`--${name} ${value}: ${count} numbers with / between`);
  return parts;
}

function number(value: string, name: string): number {
  const parsed = value === "forever" ? Number.MAX_SAFE_INTEGER : Number(value);
  if (Number.isNaN(parsed)) throw new Error(`--${name} ${value}: not a number`);
  return parsed;
}

function rateOf(value: string): EventRate {
  return value === "recorded" || value === "asap" || value === "lossless" ? value : number(value, "rate");
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help === true) {
    console.log(help);
    return;
  }
  const certificate = values["tls-cert"];
  const key = values["tls-key"];
  const clientCa = values["client-ca"];
  const burst = values.burst === undefined ? undefined : numbers(values.burst, "burst", 2);
  const delayed = values.delayed === undefined ? undefined : numbers(values.delayed, "delayed", 4);
  const [kinds, every] = values.strange?.split("/") ?? [];
  const exportFile = values["export-file"];
  const writer =
    exportFile === undefined
      ? undefined
      : new ExportFileWriter({
          path: exportFile,
          maxBytes: number(values["export-max-bytes"], "export-max-bytes"),
          backups: number(values["export-backups"], "export-backups"),
          rotation: values["export-rotation"] === "copy-truncate" ? "copy-truncate" : "rename",
          gzip: values["export-gzip"] === true,
          partialEvery: number(values["export-partial-every"], "export-partial-every"),
          cutEvery: number(values["export-cut-every"], "export-cut-every"),
          diskBytes: number(values["export-disk-bytes"], "export-disk-bytes"),
        });
  const planned = (values.fault ?? []).map((plan) => {
    const [, name = "", second, seconds = "0"] = /^([a-z-]+)@([\d.]+)(?:\/([\d.]+))?$/.exec(plan) ?? [];
    const fault = faults[name];
    if (fault === undefined) throw new Error(`--fault ${plan}: one of ${Object.keys(faults).join(", ")}, then @SECOND`);
    return { fault, atMs: Number(second) * 1000, seconds: Number(seconds) };
  });
  const emulator = await openTetragonEmulator({
    address: values.address,
    events: readRecording(values.recording ?? [recordedExport]),
    rate: rateOf(values.rate),
    keepsIds: values["keep-ids"] === true,
    speed: number(values.speed, "speed"),
    loops: number(values.loops, "loops"),
    rewritesTime: values["keep-time"] !== true,
    seed: number(values.seed, "seed"),
    version: values.version,
    unimplemented: values.unimplemented.split(","),
    maxQueued: number(values.queue, "queue"),
    replaysAtConnect: values.replay === true,
    canFallSilent: (values.fault ?? []).some((plan) => plan.startsWith("silence")),
    ...(burst === undefined ? {} : { burst: { size: burst[0]!, everyMs: burst[1]! } }),
    ...(delayed === undefined
      ? {}
      : { delayed: { share: delayed[0]!, minMs: delayed[1]!, maxMs: delayed[2]!, lostPodShare: delayed[3]! } }),
    ...(kinds === undefined
      ? {}
      : { strange: { kinds: kinds.split(",").map(strangeKind), every: number(every ?? "1000", "strange") } }),
    ...(certificate === undefined || key === undefined
      ? {}
      : {
          tls: {
            cert: readFileSync(certificate, "utf8"),
            key: readFileSync(key, "utf8"),
            ...(clientCa === undefined ? {} : { clientCa: readFileSync(clientCa, "utf8") }),
          },
        }),
    ...(values.metrics === undefined ? {} : { metricsAddress: values.metrics }),
    ...(writer === undefined ? {} : { onEvent: (json) => writer.write(json) }),
  });
  const tell = (): void => console.log(JSON.stringify(emulator.counts()));
  const end = (): void => {
    tell();
    process.exit(0);
  };
  process.on("SIGTERM", end).on("SIGINT", end).on("SIGUSR2", tell);
  console.log(JSON.stringify({ ready: true, address: emulator.address, metrics: emulator.metricsUrl }));
  if (values["wait-for-client"] === true) await emulator.firstClient();
  for (const { fault, atMs, seconds } of planned) systemClock.startTimer(() => void fault(emulator, seconds), atMs);
  emulator.start();
  await emulator.finished;
  tell();
}

function strangeKind(name: string): StrangeKind {
  const kind = strangeKinds.find((one) => one === name);
  if (kind === undefined) throw new Error(`--strange ${name}: one of ${strangeKinds.join(", ")}`);
  return kind;
}

try {
  await main();
} catch (error) {
  console.error(`tetragon-emulator: ${(error as Error).message} (--help tells more)`);
  process.exitCode = 2;
}
