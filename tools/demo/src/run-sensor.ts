import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createError } from "@kinglet/errors";
import { sleep } from "@kinglet/lifecycle";
import { freePort, httpGet } from "@kinglet/testing";
import { demoErrors } from "./errors.ts";
import { waitUntil } from "./wait-until.ts";

/** An alert as the sensor writes it; the fields that the demo uses. @internal */
export interface SensorAlert {
  readonly time: string;
  readonly ruleId: string;
  readonly message: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly workloadKind: string;
  readonly workloadName: string;
  readonly process: { readonly binary: string; readonly args: string; readonly execId: string };
}

/** @internal */
export interface RunSensorOptions {
  /** What to start: the link, or Node and the link. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onAlert: (alert: SensorAlert, line: string) => void;
  readonly signal: AbortSignal;
}

/** The sensor as a process of its own. @internal */
export class RunningSensor {
  readonly metricsUrl: string;
  readonly debugUrl: string;
  /** From starting the process until `/readyz` said 200, milliseconds; 0 before. */
  startUpMs = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #isStopping = false;
  readonly #fault = new AbortController();
  #lastLine = "";

  constructor(options: Omit<RunSensorOptions, "signal">, metricsPort: number, debugPort: number) {
    this.metricsUrl = `http://127.0.0.1:${metricsPort}`;
    this.debugUrl = `http://127.0.0.1:${debugPort}`;
    const [command = "", ...first] = options.command;
    // Every alert is shown, repetitions too.
    const alerts = ["--alert-cooldown", "0", "--alert-budget", "0"];
    const binds = ["--metrics-bind", `127.0.0.1:${metricsPort}`, "--debug-bind", `127.0.0.1:${debugPort}`];
    this.#child = spawn(command, [...first, ...options.args, ...alerts, ...binds], {
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own: Ctrl-C reaches the demo alone, which then stops the sensor in order.
      detached: true,
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#ended = promise;
    this.#child.once("error", (error) => resolve(error.message));
    this.#child.once("exit", (code, signal) => resolve(code === null ? String(signal) : `exit code ${code}`));
    void promise.then((how) => {
      if (this.#isStopping) return;
      this.#fault.abort(createError(demoErrors, "KINGLET_ERR_DEMO_SENSOR_ENDED", { how, lastLine: this.#lastLine }));
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        options.onAlert(JSON.parse(line) as SensorAlert, line);
      });
    }
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on("line", (line) => {
        this.#lastLine = line;
      });
    }
  }

  /** Fires with KINGLET_ERR_DEMO_SENSOR_ENDED when the process is gone without having been told. */
  get fault(): AbortSignal {
    return this.#fault.signal;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The text of `/metrics`. */
  async metrics(): Promise<string> {
    return (await httpGet(`${this.metricsUrl}/metrics`)).text;
  }

  /** The state of each container's profile, as the sensor sees it, by container id; empty while it does not tell. */
  async profileStates(): Promise<ReadonlyMap<string, string>> {
    const { status, text } = await httpGet(`${this.debugUrl}/debug/containers`);
    const { containers = [] } = (status === 200 ? JSON.parse(text) : {}) as {
      readonly containers?: readonly { readonly containerId: string; readonly state: string }[];
    };
    return new Map(containers.map(({ containerId, state }) => [containerId, state]));
  }

  /** Memory of its own, bytes; undefined where the system does not tell. */
  anonymousBytes(): number | undefined {
    try {
      const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    } catch {
      // Not Linux: the table says so.
      return undefined;
    }
  }

  /** Last resort, while this process exits. */
  killNow(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
  }

  /** Asks it to stop and waits; after 12 s it is killed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    this.#child.kill("SIGTERM");
    await using _timer = killAfter(12_000, () => this.#child.kill("SIGKILL"));
    await this.#ended;
  }
}

/**
 * Starts the sensor and waits until it is ready.
 *
 * @param stack - stops it.
 * @throws KINGLET_ERR_DEMO_SENSOR_ENDED, KINGLET_ERR_DEMO_TIMEOUT.
 *
 * @internal
 */
export async function runSensor(options: RunSensorOptions, stack: AsyncDisposableStack): Promise<RunningSensor> {
  const metricsPort = await freePort();
  const debugPort = await freePort();
  options.signal.throwIfAborted();
  const startedAt = performance.now();
  const sensor = new RunningSensor(options, metricsPort, debugPort);
  const kill = (): void => sensor.killNow();
  process.on("exit", kill);
  stack.defer(async () => {
    await sensor.stop();
    process.off("exit", kill);
  });
  await waitUntil(async () => (await httpGet(`${sensor.metricsUrl}/readyz`)).status === 200, {
    what: "the sensor's /readyz answering 200",
    timeoutMs: 20_000,
    intervalMs: 5,
    signal: AbortSignal.any([options.signal, sensor.fault]),
  });
  sensor.startUpMs = performance.now() - startedAt;
  return sensor;
}

function killAfter(ms: number, kill: () => void): AsyncDisposable {
  const over = new AbortController();
  const timer = sleep(ms, { signal: over.signal }).then(kill, () => {
    // It ended in time.
  });
  return {
    async [Symbol.asyncDispose]() {
      over.abort(new Error("ended"));
      await timer;
    },
  };
}
