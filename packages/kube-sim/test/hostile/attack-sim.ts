import { request as httpsRequest } from "node:https";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, expect } from "vitest";
import { openKubeSim, type KubeSim } from "../../src/index.ts";
import { rawRequest, type RawAnswer } from "../raw-request.ts";

/** A simulator of its own for each test of a file, and ways to be rude to it. */
export interface AttackedSim {
  readonly sim: KubeSim;
  send(method: string, path: string, body?: unknown, type?: string): Promise<RawAnswer>;
  /** Sends a protobuf body. */
  sendBytes(path: string, parts: readonly Buffer[]): Promise<RawAnswer>;
  /** Sends a request line as it is. @returns the status of the answer, 0 when the connection ended without one */
  rawLine(line: string): Promise<number>;
  /** Opens a watch and does not read it. @returns what closes it, and says whether it had ended by itself */
  openIdleWatch(path: string, isRead?: boolean): Promise<() => boolean>;
}

/** To be called once per test file: after every test the server must answer, and no prototype may have been written to. */
export function attackSim(): AttackedSim {
  let current: KubeSim | undefined;
  const sim = (): KubeSim => {
    if (current === undefined) throw new Error("only inside a test");
    return current;
  };
  beforeEach(async () => {
    current = await openKubeSim();
  });
  afterEach(async () => {
    const { status } = await rawRequest(sim(), "GET", "/readyz");
    expect(status, "the server answers afterwards").toBe(200);
    expect(({} as Record<string, unknown>)["polluted"], "no prototype was written to").toBe(undefined);
    await sim().stop();
  });
  return {
    get sim() {
      return sim();
    },
    send: (method, path, body, type = "application/json") =>
      rawRequest(sim(), method, path, { body, headers: { "content-type": type } }),
    sendBytes: (path, parts) => sendBytes(sim(), path, parts),
    rawLine: (line) => rawLine(sim(), line),
    openIdleWatch: (path, isRead) => openIdleWatch(sim(), path, isRead),
  };
}

/** Refused by the client's fault, in the words of the API. */
export function expectCodedRefusal(answer: RawAnswer, ...codes: number[]): void {
  expect(answer.body).toMatchObject({ kind: "Status", status: "Failure", code: answer.status });
  expect(codes).toContain(answer.status);
}

/** A field of a protobuf message that has a length. */
export function block(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(content.length), content]);
}

/** A length in protobuf. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** @returns what closes it, and says whether it had ended by itself */
function openIdleWatch(sim: KubeSim, path: string, isRead = false): Promise<() => boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${sim.token}` };
    let hasEnded = false;
    const request = httpsRequest(new URL(path, sim.server), { agent: false, ca: sim.caPem, headers }, (answer) => {
      if (isRead) answer.resume();
      else answer.pause();
      answer.on("error", () => {});
      answer.on("close", () => (hasEnded = true));
      resolve(() => {
        const ended = hasEnded;
        request.destroy();
        return ended;
      });
    });
    request.on("error", reject);
    request.end();
  });
}

function sendBytes(sim: KubeSim, path: string, parts: readonly Buffer[]): Promise<RawAnswer> {
  const bytes = Buffer.concat(parts);
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${sim.token}`,
      "content-type": "application/vnd.kubernetes.protobuf",
      "content-length": String(bytes.length),
    };
    const request = httpsRequest(
      new URL(path, sim.server),
      { method: "POST", agent: false, ca: sim.caPem, headers },
      (answer) => {
        let text = "";
        answer.on("data", (chunk) => (text += String(chunk)));
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, body: JSON.parse(text) });
        });
      },
    );
    request.on("error", reject);
    request.end(bytes);
  });
}

/** Sends a request line as it is. @returns the status of the answer, 0 when the connection ended without one */
function rawLine(sim: KubeSim, line: string): Promise<number> {
  const { port } = new URL(sim.server);
  return new Promise((resolve) => {
    let text = "";
    const socket = connectTls({ port: Number(port), host: "127.0.0.1", ca: sim.caPem }, () => {
      socket.write(`${line}\r\nhost: x\r\nauthorization: Bearer ${sim.token}\r\nconnection: close\r\n\r\n`);
    });
    socket.on("data", (part) => (text += String(part)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)));
  });
}
