import { parseArgs } from "node:util";

/** What a run is asked for. */
export interface SoakOptions {
  /** Seed of every random choice. */
  readonly seed: number;
  readonly minutes: number;
  /** The real API server instead of the simulator. */
  readonly isReal: boolean;
  /** The client's time runs so many times faster than ours. */
  readonly speed: number;
  /** Objects of all kinds together. */
  readonly objects: number;
  readonly output: "text" | "json";
  readonly isHelp: boolean;
}

export const USAGE = `soak: informers under every fault that is known, for as long as you like

  pnpm soak [--seed N] [--minutes M] [--real] [--speed X] [--objects N] [--output text|json]

  --seed N       of every random choice; default: 1
  --minutes M    how long faults are made, after the objects are there; default: 30
  --real         the real API server of tools/real-cluster behind a proxy; default: kube-sim behind the same proxy
  --speed X      the client's time runs X times faster, so that its waits of minutes pass in seconds; default: 20
  --objects N    of three kinds together; default: 20000
  --output json  the report as one JSON document on stdout; progress goes to stderr either way
  --help         this text

Exit code 0: every invariant held; 1: one did not; 2: the run could not be made.
Heap is judged in runs of 30 minutes and more, and only reported in shorter ones.
`;

/** Reads the command line. @throws Error naming what is wrong. */
export function parseSoakOptions(argv: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: "string", default: "1" },
      minutes: { type: "string", default: "30" },
      real: { type: "boolean", default: false },
      speed: { type: "string", default: "20" },
      objects: { type: "string", default: "20000" },
      output: { type: "string", default: "text" },
      help: { type: "boolean", default: false },
    },
  });
  const { output } = values;
  if (output !== "text" && output !== "json") throw new Error(`--output ${output}: neither text nor json`);
  return {
    seed: readNumber("seed", values.seed, 0, 4_294_967_295),
    minutes: readNumber("minutes", values.minutes, 0.1, 10_080),
    isReal: values.real,
    speed: readNumber("speed", values.speed, 1, 100),
    objects: readNumber("objects", values.objects, 30, 1_000_000),
    output,
    isHelp: values.help,
  };
}

function readNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text === "" || !(value >= min && value <= max))
    throw new Error(`--${name} ${text}: not a number from ${min} to ${max}`);
  return value;
}
