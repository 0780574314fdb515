import { createSocket } from "node:dgram";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createTlsServer } from "node:tls";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { createOverHttp, type HttpKind } from "../../test/create-over-http.ts";
import { localhostCa, openHttpReceiver, otherCa, serverKey } from "../../test/open-http-receiver.ts";
import { csvHeader } from "./format-csv.ts";
import { createCsvExporter } from "./csv-exporter.ts";
import type { Exporter } from "./exporter.ts";
import { HttpClient } from "./http-client.ts";
import { createSyslogExporter } from "./syslog-exporter.ts";

const signal = new AbortController().signal;
const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** An exporter and what its receiver got, as text. */
interface Pair extends AsyncDisposable {
  readonly exporter: Exporter;
  received(): Promise<string>;
}

async function openHttpPair(kind: HttpKind): Promise<Pair> {
  const server = await openHttpReceiver({ isTls: true });
  const client = new HttpClient({ clock: new ManualClock() });
  return {
    exporter: createOverHttp(kind, server.url, client, localhostCa),
    received: () => Promise.resolve(server.received.map(({ body }) => body).join("\n")),
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function openSyslogPair(protocol: "udp" | "tcp" | "tls"): Promise<Pair & { port: number; drop(): void }> {
  let text = "";
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  };
  const clock = new ManualClock();
  const receiver =
    protocol === "udp"
      ? createSocket("udp4")
      : protocol === "tls"
        ? createTlsServer(serverKey(), onSocket)
        : createServer(onSocket);
  let port: number;
  if ("bind" in receiver) {
    receiver.on("message", (message) => (text += `${message.toString()}\n`));
    await new Promise<void>((resolve) => void receiver.bind(0, "127.0.0.1", resolve));
    ({ port } = receiver.address());
  } else {
    await new Promise<void>((resolve) => void receiver.listen(0, "127.0.0.1", resolve));
    ({ port } = receiver.address() as AddressInfo);
  }
  const tls = protocol === "tls" ? { caFile: localhostCa } : {};
  const exporter = createSyslogExporter({ host: "127.0.0.1", port, protocol, ...tls }, { clock });
  return {
    port,
    exporter,
    drop: () => sockets.forEach((socket) => socket.destroy()),
    received: async () => {
      await until(() => text.includes("started 3"));
      return text;
    },
    [Symbol.asyncDispose]: async () => {
      await exporter[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void receiver.close(() => resolve()));
    },
  };
}

async function openCsvPair(settings: { maxBytes?: number; maxFiles?: number } = {}): Promise<Pair & { path: string }> {
  const folder = await mkdtemp(`${tmpdir()}/kinglet-csv-`);
  const path = `${folder}/alerts.csv`;
  const exporter = createCsvExporter({ path, ...settings });
  return {
    path,
    exporter,
    received: () => readFile(path, "utf8"),
    [Symbol.asyncDispose]: async () => {
      await exporter[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

const pairs: Readonly<Record<string, () => Promise<Pair>>> = {
  alertmanager: () => openHttpPair("alertmanager"),
  http: () => openHttpPair("http"),
  otlp: () => openHttpPair("otlp"),
  "syslog over udp": () => openSyslogPair("udp"),
  "syslog over tcp": () => openSyslogPair("tcp"),
  "syslog over tls": () => openSyslogPair("tls"),
  csv: openCsvPair,
};

describe.each(Object.entries(pairs))("Exporter: %s", (_name, open) => {
  it("delivers in order, call by call [sinks E-1]", async () => {
    await using pair = await open();
    await pair.exporter.send([createAlert(1), createAlert(2)], { signal });
    await pair.exporter.send([createAlert(3)], { signal });
    const text = await pair.received();
    const places = [1, 2, 3].map((id) => text.indexOf(`started ${id}`));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it("sends nothing once its signal has fired [sinks E-2]", async () => {
    await using pair = await open();
    const reason = new Error("gone");
    const sent = pair.exporter.send([createAlert(1)], { signal: AbortSignal.abort(reason) });
    await expect(sent).rejects.toBe(reason);
  });
});

describe.each(["alertmanager", "http", "otlp"] as const)("Exporter over HTTP: %s", (kind) => {
  it("judges by the status and tells nothing secret [sinks E-3]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    const exporter = createOverHttp(kind, server.url, client, undefined, { authorization: "Bearer s3cr3t-value" });
    const cases = [
      [400, "REJECTED"],
      [413, "REJECTED"],
      [302, "UNAVAILABLE"],
      [401, "UNAVAILABLE"],
      [404, "UNAVAILABLE"],
      [429, "UNAVAILABLE"],
      [503, "UNAVAILABLE"],
    ] as const;
    for (const [status, code] of cases) {
      server.respond = ({ headers }, response) => {
        response.writeHead(status, { "retry-after": "7", location: "/elsewhere" });
        response.end(`you said ${headers.authorization} ${"€".repeat(3_000)}\u001b[31m`);
      };
      const error = (await exporter.send([createAlert(1)], { signal }).catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({
        code: `KINGLET_ERR_ALERT_SINKS_${code}`,
        details: { status, retryAfterMs: 7_000 },
      });
      const { answer } = (error as Error & { details: { answer: string } }).details;
      expect(answer).not.toContain("s3cr3t");
      expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(1024);
      expect(answer).not.toContain("\ufffd");
    }
  });

  it("trusts the authority it was told and no other [sinks E-4]", async () => {
    await using server = await openHttpReceiver({ isTls: true });
    await using client = new HttpClient({ clock: new ManualClock() });
    const expected = { code: "KINGLET_ERR_ALERT_SINKS_UNREACHABLE" };
    for (const ca of [otherCa, undefined]) {
      const sent = createOverHttp(kind, server.url, client, ca).send([createAlert(1)], { signal });
      await expect(sent).rejects.toMatchObject(expected);
    }
    expect(server.received).toEqual([]);
  });

  it("says which setting is wrong and never its value [sinks E-5]", () => {
    const client = new HttpClient({ clock: new ManualClock() });
    for (const url of ["ftp://a", "not an address", "http://user:hunter2@a"]) {
      const create = (): Exporter => createOverHttp(kind, url, client);
      expect(create).toThrow(`setting url of the ${kind} exporter`);
      expect(create).not.toThrow("hunter2");
    }
    expect(() => createOverHttp(kind, "http://a", client, "/nowhere/ca.pem")).toThrow("setting caFile");
    expect(() => createOverHttp(kind, "http://a", client, undefined, { a: "<MISSING>" })).toThrow("MISSING");
    expect(() => createOverHttp(kind, "http://a", client, undefined, { a: "<file:/nowhere/token>" })).toThrow("a file");
    for (const headers of [
      { "Transfer-Encoding": "chunked" },
      { "content-length": "0" },
      { "x y": "1" },
      { a: "1\r\nb: 2" },
      { a: "1", A: "2" },
    ] as Record<string, string>[]) {
      expect(() => createOverHttp(kind, "http://a", client, undefined, headers)).toThrow("setting headers");
    }
  });

  it("takes a credential from a file as it is at that moment, and waits while it is away [sinks E-6]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    const folder = await mkdtemp(`${tmpdir()}/kinglet-token-`);
    const headers = { authorization: `Bearer <file:${folder}/token>` };
    await writeFile(`${folder}/token`, "first\n");
    const exporter = createOverHttp(kind, server.url, client, undefined, headers);
    await exporter.send([createAlert(1)], { signal });
    await writeFile(`${folder}/token`, "second\n");
    await exporter.send([createAlert(2)], { signal });
    await rm(folder, { recursive: true });
    const sent = exporter.send([createAlert(3)], { signal });
    await expect(sent).rejects.toMatchObject({ code: "KINGLET_ERR_ALERT_SINKS_UNREACHABLE", retryable: true });
    expect(server.received.map((one) => one.headers.authorization)).toEqual(["Bearer first", "Bearer second"]);
  });

  it("posts what strict readers read, whatever a container put into an alert [sinks E-7]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    const base = createAlert(1);
    const hostile = '\ud800\udfff\ud800 "\u0000\u2028<b>'.repeat(20_000);
    const process = { ...base.process, binary: hostile, args: hostile };
    const alert = { ...base, process, message: hostile, arguments: { path: hostile } };
    await createOverHttp(kind, server.url, client).send([alert], { signal });
    const body = server.received[0]?.body ?? "";
    expect(body).not.toMatch(/\\ud[89a-f]../i);
    expect(JSON.parse(body)).toBeTypeOf("object");
  });
});

describe.each(["alertmanager", "http", "otlp", "csv", "syslog over tcp"])("what %s is told", (name) => {
  it("names the entry of the profile that would allow it, and what the event is about [node-agent alert-content]", async () => {
    await using pair = await pairs[name]!();
    const allowedBy = { path: "spec.opens", entry: { path: "/etc/magic-path", flags: ["O_RDONLY"] } } as const;
    const alert = createAlert(3, { allowedBy, eventKind: "open", arguments: { path: "/etc/magic-path" } });
    await pair.exporter.send([alert], { signal });
    const text = await pair.received();
    expect(text).toContain("spec.opens");
    expect(text).toContain("/etc/magic-path");
  });
});

describe("createSyslogExporter", () => {
  it("connects again after the receiver closed the connection [sinks S-4]", async () => {
    await using pair = await openSyslogPair("tcp");
    await pair.exporter.send([createAlert(1)], { signal });
    pair.drop();
    // What left before the end was heard may be lost; the protocol has no answer.
    const isSent = (): Promise<boolean> =>
      pair.exporter.send([createAlert(3)], { signal }).then(
        () => true,
        () => false,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (!(await isSent())) expect(await isSent()).toBe(true);
    expect(await pair.received()).toContain("started 3");
  });

  it("leaves a receiver that takes nothing any more instead of piling up messages for it [sinks S-6]", async () => {
    const sockets: Socket[] = [];
    const stalled = createServer((socket) => {
      socket.pause();
      socket.on("error", () => {});
      sockets.push(socket);
    });
    await new Promise<void>((resolve) => void stalled.listen(0, "127.0.0.1", resolve));
    const { port } = stalled.address() as AddressInfo;
    const exporter = createSyslogExporter({ host: "127.0.0.1", port, protocol: "tcp" }, { clock: new ManualClock() });
    // More than the buffers of both ends take.
    const many = Array.from({ length: 50 }, (_, id) => createAlert(id, { message: "x".repeat(8_000) }));
    let attempts = 0;
    let isStalled = false;
    while (!isStalled) {
      const ended = AbortSignal.timeout(200);
      attempts += 1;
      isStalled = await exporter.send(many, { signal: ended }).then(
        () => false,
        () => true,
      );
    }
    const before = sockets.length;
    await until(() => sockets[0]?.destroyed === true || sockets[0]?.resume() === undefined);
    await exporter.send([createAlert(1)], { signal });
    await until(() => sockets.length > before);
    expect([attempts > 1, sockets.length - before]).toEqual([true, 1]);
    await exporter[Symbol.asyncDispose]();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void stalled.close(() => resolve()));
  });

  it("trusts no other authority, and says when nobody listens [sinks S-5]", async () => {
    await using pair = await openSyslogPair("tls");
    const options = { clock: new ManualClock() };
    for (const settings of [
      { port: pair.port, caFile: otherCa },
      { port: 1, caFile: localhostCa },
    ]) {
      const sent = createSyslogExporter({ host: "127.0.0.1", protocol: "tls", ...settings }, options).send(
        [createAlert(1)],
        { signal },
      );
      await expect(sent).rejects.toMatchObject({ code: "KINGLET_ERR_ALERT_SINKS_UNREACHABLE", retryable: true });
    }
  });
});

describe("createCsvExporter", () => {
  it("rotates within its bound, each file with the header [sinks C-3]", async () => {
    await using pair = await openCsvPair({ maxBytes: 4096, maxFiles: 3 });
    for (let id = 0; id < 60; id++) await pair.exporter.send([createAlert(id)], { signal });
    for (const path of [pair.path, `${pair.path}.1`, `${pair.path}.2`]) {
      const text = await readFile(path, "utf8");
      expect(text.startsWith("time,rule_id,")).toBe(true);
      expect(text.endsWith("\r\n")).toBe(true);
      expect(text.length).toBeLessThanOrEqual(4096);
    }
    await expect(stat(`${pair.path}.3`)).rejects.toMatchObject({ code: "ENOENT" });
    expect((await stat(pair.path)).mode & 0o777).toBe(0o600);
  });

  it("begins on a line of its own after half a record [sinks C-3]", async () => {
    await using pair = await openCsvPair();
    await writeFile(pair.path, `${csvHeader}2026-01-01,R00`);
    await pair.exporter.send([createAlert(1)], { signal });
    expect((await pair.received()).split("\r\n").slice(1, 3)).toEqual([
      "2026-01-01,R00",
      expect.stringMatching(/^2026-08-01T/),
    ]);
  });

  it("sets a file with other columns aside [sinks C-3]", async () => {
    await using pair = await openCsvPair();
    await writeFile(pair.path, "time,rule_id\r\n2026-01-01,R0001\r\n");
    await pair.exporter.send([createAlert(1)], { signal });
    expect(await readFile(`${pair.path}.1`, "utf8")).toContain("2026-01-01,R0001");
    expect((await pair.received()).startsWith(csvHeader)).toBe(true);
  });

  it("says which file cannot be written [sinks C-4]", async () => {
    const sent = createCsvExporter({ path: "/nowhere/alerts.csv" }).send([createAlert(1)], { signal });
    await expect(sent).rejects.toMatchObject({ code: "KINGLET_ERR_ALERT_SINKS_FILE", retryable: true });
  });
});
