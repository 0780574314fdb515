import { readdirSync, readFileSync } from "node:fs";

/** What a condition of a polling step looks at: `status`, or a dotted path into the answer (`body.status.phase`). */
export interface Until {
  readonly path: string;
  readonly equals?: unknown;
  readonly exists?: boolean;
}

/** One step of a scenario: a request, the opening or closing of a watch, a pause, or a hook. */
export interface Step {
  readonly name?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly bodyBase64?: string;
  readonly repeatBody?: number;
  /** Whose token is sent; null sends none. */
  readonly as?: string | null;
  readonly token?: string;
  readonly save?: Readonly<Record<string, string>>;
  readonly bump?: readonly [string, string];
  readonly until?: Until;
  readonly retryMs?: number;
  readonly sleepMs?: number;
  readonly hook?: "compact" | "restart";
  readonly open?: string;
  readonly close?: string;
  readonly count?: number;
  readonly untilEnd?: boolean;
  readonly withinMs?: number;
  readonly settleMs?: number;
}

/** One frame of a watch: parsed JSON, or a protobuf frame in base64. */
export type Frame = Readonly<Record<string, unknown>>;

/** An answer as the recordings keep it. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
  readonly base64?: string;
  readonly frames?: readonly Frame[];
  readonly endedByServer?: boolean;
  readonly error?: string;
}

/** A recorded scenario. */
export interface Recording {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly responses: readonly (Step & { readonly response: Answer })[];
  /** Only in `admission`: what the webhook was sent. */
  readonly webhookReceived?: readonly Readonly<Record<string, unknown>>[];
}

/** Reads all recordings of a folder, ordered by name. */
export function readRecordings(folder: URL = new URL("../recordings/", import.meta.url)): Recording[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Recording);
}
