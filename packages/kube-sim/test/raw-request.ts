import { request as httpsRequest, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import type { KubeSim } from "../src/index.ts";

/** An answer with its JSON. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of whatever they asked for
  readonly body: any;
}

/** Sends one request on a connection of its own. */
export function rawRequest(
  sim: KubeSim,
  method: string,
  path: string,
  options: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<RawAnswer> {
  const payload = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      new URL(path, sim.server),
      requestOptions(sim, method, { ...lengthOf(payload), ...options.headers }),
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.on("error", reject);
        answer.on("end", () => {
          const isJson = text !== "" && (answer.headers["content-type"] ?? "").includes("json");
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            body: isJson ? JSON.parse(text) : text,
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}

/** A watch as lines; `next` waits for one more event, undefined after the end. */
export interface RawWatch extends Disposable {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  next(): Promise<any>;
  /** Stops reading from the socket. */
  pause(): void;
  resume(): void;
}

/** Opens a watch; resolves with the head of the answer. */
export function rawWatch(
  sim: KubeSim,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawWatch> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(new URL(path, sim.server), requestOptions(sim, "GET", headers), (answer) => {
      const lines: string[] = [];
      const waiting: (() => void)[] = [];
      let rest = "";
      const state = { isEnded: false };
      const wake = (): void => waiting.splice(0).forEach((resume) => resume());
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        const parts = (rest + part).split("\n");
        rest = parts.pop() ?? "";
        lines.push(...parts);
        wake();
      });
      answer.on("error", () => {});
      answer.on("close", () => {
        state.isEnded = true;
        wake();
      });
      resolve({
        status: answer.statusCode ?? 0,
        next: async () => {
          while (lines.length === 0 && !state.isEnded) await new Promise<void>((resume) => void waiting.push(resume));
          const line = lines.shift();
          return line === undefined ? undefined : JSON.parse(line);
        },
        pause: () => answer.pause(),
        resume: () => answer.resume(),
        [Symbol.dispose]: () => outgoing.destroy(),
      });
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function requestOptions(sim: KubeSim, method: string, headers: Readonly<Record<string, string>> = {}): RequestOptions {
  return {
    method,
    agent: false,
    ca: sim.caPem,
    headers: { authorization: `Bearer ${sim.token}`, "content-type": "application/json", ...headers },
  };
}

/** Node sends no length of its own with a DELETE. */
function lengthOf(payload: string | undefined): Readonly<Record<string, string>> {
  return payload === undefined ? {} : { "content-length": String(Buffer.byteLength(payload)) };
}
