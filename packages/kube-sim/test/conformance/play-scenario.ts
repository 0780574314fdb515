import { Agent, request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Answer, Frame, Recording, Step, Until } from "./recording.ts";

/** Where and as whom to play. */
export interface Stage {
  readonly server: string;
  readonly caPem: string;
  /** Bearer token by the name that steps use in `as`. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly hooks: Readonly<Record<"compact" | "restart", () => Promise<void> | void>>;
}

/** The tokens of the recordings. */
export const RECORDED_TOKENS: Readonly<Record<string, string>> = {
  admin: "tok-admin",
  alice: "tok-alice",
  bob: "tok-bob",
  carol: "tok-carol",
  sensor: "tok-sensor",
};

const KEPT_HEADERS = [
  "content-type",
  "retry-after",
  "warning",
  "allow",
  "etag",
  "location",
  "cache-control",
  "vary",
  "content-encoding",
  "www-authenticate",
] as const;
const LOOK_EVERY_MS = 10;
const POLL_EVERY_MS = 100;
/** An answer that takes longer is none. */
const ANSWER_WITHIN_MS = 15_000;

/** Sends the steps of a scenario one after the other; answers are in the order of the recorded ones. */
export async function playScenario(stage: Stage, recording: Recording): Promise<Answer[]> {
  const player = new Player(stage);
  try {
    const answers: Answer[] = [];
    for (const step of recording.steps) {
      const answer = await player.play(step);
      if (answer !== undefined) answers.push(answer);
    }
    return answers;
  } finally {
    player.end();
  }
}

interface OpenWatch {
  readonly frames: Frame[];
  headers: Record<string, string>;
  pending: Buffer;
  refused: Answer | undefined;
  request: ClientRequest | undefined;
  isEnded: boolean;
}

class Player {
  readonly #stage: Stage;
  #agent: Agent;
  readonly #variables: Record<string, string>;
  readonly #watches = new Map<string, OpenWatch>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#agent = makeAgent(stage.caPem);
    this.#variables = { ...stage.variables };
  }

  async play(step: Step): Promise<Answer | undefined> {
    if (step.sleepMs !== undefined) await sleep(step.sleepMs);
    else if (step.hook !== undefined) await this.#hook(step.hook);
    else if (step.open !== undefined) await this.#open(step.open, step);
    else if (step.close !== undefined) return this.#close(step.close, step);
    else return this.#poll(step);
    return undefined;
  }

  end(): void {
    for (const watch of this.#watches.values()) watch.request?.destroy();
    this.#agent.destroy();
  }

  async #hook(name: "compact" | "restart"): Promise<void> {
    await this.#stage.hooks[name]();
    // A restart ends idle connections too; the next request must not find one of them before it knows.
    this.#agent.destroy();
    this.#agent = makeAgent(this.#stage.caPem);
  }

  async #poll(step: Step): Promise<Answer> {
    const deadline = Date.now() + (step.retryMs ?? 0);
    let answer = await this.#send(step);
    while (step.until !== undefined && !isReached(answer, step.until) && Date.now() < deadline) {
      await sleep(POLL_EVERY_MS);
      answer = await this.#send(step);
    }
    for (const [name, path] of Object.entries(step.save ?? {})) this.#variables[name] = textOf(look(answer, path));
    if (step.bump !== undefined) {
      const [name, by] = step.bump;
      this.#variables[name] = String(BigInt(this.#variables[name] ?? "0") + BigInt(by));
    }
    return answer;
  }

  async #open(name: string, step: Step): Promise<void> {
    const watch: OpenWatch = {
      frames: [],
      headers: {},
      pending: Buffer.alloc(0),
      refused: undefined,
      request: undefined,
      isEnded: false,
    };
    this.#watches.set(name, watch);
    const answer = await this.#send(step, (stream, request, headers) => {
      watch.request = request;
      watch.headers = headers;
      const isProtobuf = (headers["content-type"] ?? "").includes("protobuf");
      stream.on("data", (chunk: Buffer) => {
        watch.pending = Buffer.concat([watch.pending, chunk]);
        if (isProtobuf) takeFrames(watch);
        else takeLines(watch);
      });
      stream.on("end", () => {
        watch.isEnded = true;
      });
      stream.on("error", () => {});
    });
    if (answer !== "stream") watch.refused = answer;
  }

  async #close(name: string, step: Step): Promise<Answer> {
    const watch = this.#watches.get(name);
    if (watch === undefined) return { error: `no watch ${name}` };
    if (watch.refused !== undefined) return watch.refused;
    const deadline = Date.now() + (step.withinMs ?? (step.untilEnd === true ? 10_000 : 3000));
    const hasEnough = (): boolean =>
      step.count !== undefined && step.untilEnd !== true && watch.frames.length >= step.count;
    while (!watch.isEnded && !hasEnough() && Date.now() < deadline) await sleep(LOOK_EVERY_MS);
    // One frame too many would be a difference too: give it time to come.
    if (step.count !== undefined && step.untilEnd !== true) await sleep(step.settleMs ?? 100);
    const endedByServer = watch.isEnded;
    watch.request?.destroy();
    return { status: 200, headers: watch.headers, frames: watch.frames, endedByServer };
  }

  #send(step: Step): Promise<Answer>;
  #send(step: Step, onStream: OnStream): Promise<Answer | "stream">;
  #send(step: Step, onStream?: OnStream): Promise<Answer | "stream"> {
    const query = Object.entries(this.#fill(step.query ?? {}) as Record<string, string>)
      .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
      .join("&");
    const body = this.#bodyOf(step);
    const headers: Record<string, string> = {
      ...(step.as === null ? {} : { authorization: `Bearer ${step.token ?? this.#stage.tokens[step.as ?? "admin"]}` }),
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(this.#fill(step.headers ?? {}) as Record<string, string>),
      ...(body === undefined ? {} : { "content-length": String(body.length) }),
    };
    const url = this.#stage.server + String(this.#fill(step.path)) + (query === "" ? "" : `?${query}`);
    return new Promise((resolve) => {
      const request = httpsRequest(url, { method: step.method ?? "GET", headers, agent: this.#agent }, (response) => {
        const kept: Record<string, string> = {};
        for (const name of KEPT_HEADERS) {
          const value = response.headers[name];
          if (value !== undefined) kept[name] = value;
        }
        if (onStream !== undefined && response.statusCode === 200) {
          onStream(response, request, kept);
          resolve("stream");
          return;
        }
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => resolve({ error: error.message }));
        response.on("end", () => resolve(readAnswer(response.statusCode ?? 0, kept, Buffer.concat(chunks))));
      });
      request.on("error", (error) => resolve({ error: error.message }));
      const timer = setTimeout(() => {
        resolve({ error: `no answer within ${ANSWER_WITHIN_MS} ms` });
        request.destroy();
      }, ANSWER_WITHIN_MS);
      request.on(onStream === undefined ? "close" : "response", () => clearTimeout(timer));
      request.end(body);
    });
  }

  #bodyOf(step: Step): Buffer | undefined {
    if (step.bodyBase64 !== undefined) return Buffer.from(step.bodyBase64, "base64");
    if (step.body === undefined) return undefined;
    const filled = this.#fill(step.body);
    const text = typeof filled === "string" ? filled : JSON.stringify(filled);
    return Buffer.from(step.repeatBody === undefined ? text : text.replace("@@FILL@@", "x".repeat(step.repeatBody)));
  }

  /** Puts variables in: `${name}`. */
  #fill(value: unknown): unknown {
    if (typeof value === "string") {
      return value.replace(/\$\{([A-Za-z0-9_.]+)\}/g, (all, name: string) => this.#variables[name] ?? all);
    }
    if (Array.isArray(value)) return value.map((element) => this.#fill(element));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [String(this.#fill(key)), this.#fill(inner)]),
    );
  }
}

type OnStream = (stream: IncomingMessage, request: ClientRequest, headers: Record<string, string>) => void;

function makeAgent(caPem: string): Agent {
  return new Agent({ keepAlive: true, ca: caPem, maxSockets: 50 });
}

function takeFrames(watch: OpenWatch): void {
  while (watch.pending.length >= 4) {
    const end = 4 + watch.pending.readUInt32BE(0);
    if (watch.pending.length < end) return;
    watch.frames.push({ base64: watch.pending.subarray(4, end).toString("base64") });
    watch.pending = watch.pending.subarray(end);
  }
}

function takeLines(watch: OpenWatch): void {
  for (let end = watch.pending.indexOf(10); end >= 0; end = watch.pending.indexOf(10)) {
    const line = watch.pending.subarray(0, end).toString();
    watch.pending = watch.pending.subarray(end + 1);
    try {
      watch.frames.push(JSON.parse(line) as Frame);
    } catch {
      // A line that is no JSON is an answer too, and a difference.
      watch.frames.push({ text: line });
    }
  }
}

function readAnswer(status: number, headers: Record<string, string>, bytes: Buffer): Answer {
  const type = headers["content-type"] ?? "";
  if (type.includes("protobuf")) return { status, headers, base64: bytes.toString("base64") };
  const text = bytes.toString();
  if (!type.includes("json")) return { status, headers, ...(text === "" ? {} : { text }) };
  try {
    return { status, headers, body: JSON.parse(text) as unknown };
  } catch {
    // Said to be JSON and is not: shown as the text it is.
    return { status, headers, text };
  }
}

function look(answer: Answer, path: string): unknown {
  let at: unknown = answer;
  for (const part of path.split(".")) at = (at as Record<string, unknown> | null | undefined)?.[part];
  return at;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

function isReached(answer: Answer, until: Until): boolean {
  const value = look(answer, until.path);
  if ("equals" in until) return value === until.equals;
  return (value !== undefined) === until.exists;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
