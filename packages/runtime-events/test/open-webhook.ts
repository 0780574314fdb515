import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { type Agent, request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { ManualClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { createMetrics, type MetricsRegistry } from "@kinglet/metrics";
import { openWebhookListener } from "../src/webhook/open-webhook-listener.ts";
import type { WebhookListener, WebhookListenerOptions } from "../src/webhook/webhook-listener.ts";
import type { BodyRefusal, WebhookRoute } from "../src/webhook/webhook-route.ts";

const certificates = join(import.meta.dirname, "certificates");

/** A file of the certificates folder. */
export function pem(name: string): string {
  return readFileSync(join(certificates, name), "utf8");
}

export const token = "0123456789abcdef-token";

/** An answer as the client sees it. */
interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface SendOptions {
  readonly method?: string;
  readonly path?: string;
  readonly body?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Name of a client certificate. */
  readonly client?: string;
  readonly agent?: Agent;
}

/** A route that remembers the bodies it took. */
export interface RecordingRoute extends WebhookRoute {
  readonly bodies: Buffer[];
  /** What it says to the next bodies. */
  onPush: (bytes: Buffer) => BodyRefusal | undefined;
  onEnd: () => BodyRefusal | undefined;
  /** Set: it takes the first part of bodies that are too large. */
  onCut: (() => void) | undefined;
  /** Bodies that have begun. */
  begun: number;
  /** Bodies of which there is at least a byte. */
  pushed: number;
}

export function recordingRoute(path = "/in"): RecordingRoute {
  const route: RecordingRoute = {
    path,
    bodies: [],
    begun: 0,
    pushed: 0,
    onPush: () => undefined,
    onEnd: () => undefined,
    onCut: undefined,
    open: () => {
      route.begun++;
      const parts: Buffer[] = [];
      return {
        push: (bytes) => {
          if (parts.length === 0) route.pushed++;
          parts.push(Buffer.from(bytes));
          return route.onPush(bytes);
        },
        end: () => {
          const refusal = route.onEnd();
          if (refusal === undefined) route.bodies.push(Buffer.concat(parts));
          return refusal;
        },
        ...(route.onCut === undefined
          ? {}
          : {
              cut: () => {
                route.bodies.push(Buffer.concat(parts));
                route.onCut?.();
                return undefined;
              },
            }),
      };
    },
  };
  return route;
}

/** A webhook on loopback, its files in a folder of its own, and clients. */
export interface OpenWebhook extends AsyncDisposable {
  readonly listener: WebhookListener;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly route: RecordingRoute;
  send(options?: SendOptions): Promise<HttpAnswer>;
  /** A connection that the test writes to by hand; TLS when the listener has it. */
  socket(client?: string): Promise<Socket>;
  /** Exchanges files as Kubernetes does: others under the same names, by renaming. */
  replace(files: Readonly<Record<string, string>>): void;
  /** How often something was refused for a reason. */
  refused(reason: string): Promise<number>;
}

export async function openWebhook(
  options: Partial<WebhookListenerOptions> & {
    readonly isPlain?: boolean;
    readonly hasToken?: boolean;
    readonly hasAuthority?: boolean;
  } = {},
): Promise<OpenWebhook> {
  const { isPlain = false, hasToken = false, hasAuthority = !isPlain, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), "kinglet-webhook-"));
  const file = (name: string): string => join(folder, name);
  copyFileSync(join(certificates, "server-one.pem"), file("tls.crt"));
  copyFileSync(join(certificates, "server-one.key"), file("tls.key"));
  copyFileSync(join(certificates, "clients-a.pem"), file("ca.crt"));
  writeFileSync(file("token"), `${token}\n`);
  const metrics = createMetrics();
  const clock = options.clock ?? new ManualClock();
  const route = recordingRoute();
  const listener = await openWebhookListener({
    bind: "127.0.0.1:0",
    ...(isPlain ? {} : { certificate: { certificateFile: file("tls.crt"), keyFile: file("tls.key") } }),
    ...(hasAuthority ? { clientAuthorityFile: file("ca.crt") } : {}),
    ...(hasToken ? { tokenFile: file("token") } : {}),
    routes: [route],
    clock,
    logger: noopLogger,
    metrics,
    ...rest,
  });
  const sockets: Socket[] = [];
  const identity = (client: string | undefined): { cert?: string; key?: string } =>
    client === undefined ? {} : { cert: pem(`${client}.pem`), key: pem(`${client}.key`) };
  return {
    listener,
    clock,
    metrics,
    route,
    send: ({ method = "POST", path = "/in", body, headers = {}, client, agent } = {}) =>
      new Promise((resolve, reject) => {
        const request = (isPlain ? httpRequest : httpsRequest)(
          {
            host: "127.0.0.1",
            port: listener.port,
            path,
            method,
            agent: agent ?? false,
            headers: { "content-type": "application/json", ...headers },
            ...(isPlain ? {} : { ca: pem("servers.pem"), ...identity(client) }),
          },
          (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (part: string) => {
              text += part;
            });
            response.on("error", reject);
            response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
          },
        );
        request.on("error", reject);
        request.end(body);
      }),
    socket: (client) =>
      new Promise((resolve, reject) => {
        const done = (): void => resolve(socket);
        const at = { host: "127.0.0.1", port: listener.port };
        const socket: Socket | TLSSocket = isPlain
          ? connect(at, done)
          : connectTls({ ...at, ca: pem("servers.pem"), ...identity(client) }, done);
        sockets.push(socket);
        socket.once("error", reject);
        socket.on("error", () => {});
      }),
    replace(files) {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(file(`${name}.new`), text);
        renameSync(file(`${name}.new`), file(name));
      }
    },
    async refused(reason) {
      const { text } = await metrics.exposition();
      const series = `kinglet_webhook_refused_total{reason="${reason}"} `;
      return Number(
        text
          .split("\n")
          .find((line) => line.startsWith(series))
          ?.slice(series.length) ?? "0",
      );
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await listener[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Everything a socket gets until it is closed. */
export function received(socket: Socket): { text: string; readonly closed: Promise<void> } {
  const state = {
    text: "",
    closed: new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    }),
  };
  socket.setEncoding("utf8").on("data", (part: string) => {
    state.text += part;
  });
  return state;
}
