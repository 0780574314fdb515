import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCode } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogFiles } from "./log-files.ts";
import type { LogLevel } from "./logger.ts";
import { openLogging, type Logging, type LoggingOptions } from "./open-logging.ts";

const clock: Clock = {
  now: () => Date.UTC(2023, 6, 26, 13, 49, 37, 864),
  monotonicMs: () => 0,
  startTimer: () => ({ cancel: () => {}, unref: () => {} }),
};

let folder = "";
let fd = -1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet-logger-"));
  fd = openSync(join(folder, "stderr"), "a");
});

afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

async function linesOf(use: (logging: Logging) => void, options: LoggingOptions = {}): Promise<readonly string[]> {
  const logging = openLogging({ fd, clock, ...options });
  use(logging);
  await logging.flush();
  await logging[Symbol.asyncDispose]();
  return readFileSync(join(folder, "stderr"), "utf8").split("\n").slice(0, -1);
}

describe("openLogging", () => {
  it("[logger format] writes console lines", async () => {
    const lines = await linesOf((logging) => {
      logging
        .logger("main")
        .info("text", { count: 3, path: "/a/b", words: "two words", list: [1, "x"], error: new Error("bad") });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^main: 2023\/07\/2\d \d\d:\d\d:37\.864000 Info: text count=3 path=\/a\/b words="two words" list=\[1,"x"\] error=\{"message":"bad"\}$/,
    );
  });

  it("[logger format] writes JSON lines with own keys that fields cannot hide", async () => {
    const lines = await linesOf(
      (logging) =>
        logging.logger("kube-client").warn('lost "it"\n', { msg: "mine", at: new Date(0), big: 1n, none: undefined }),
      { format: "json" },
    );
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: "2023-07-26T13:49:37.864Z",
        level: "warn",
        name: "kube-client",
        msg: 'lost "it"\n',
        _msg: "mine",
        at: "1970-01-01T00:00:00.000Z",
        big: "1",
        none: null,
      },
    ]);
  });

  it("colours the level only when told to", async () => {
    const lines = await linesOf((logging) => logging.logger("m").error("x"), { color: true });
    expect(lines[0]).toContain("\u001b[31mError:\u001b[0m x");
  });

  it.each(["console", "json"] as const)(
    "[logger levels] writes exactly the enabled levels in %s format",
    async (format) => {
      const order: readonly LogLevel[] = ["fatal", "error", "warn", "info", "debug"];
      for (const [rank, level] of order.entries()) {
        const logging = openLogging({ fd, clock, level, format });
        const logger = logging.logger(`m-${level}`);
        expect(order.map((other) => logger.isEnabled(other))).toEqual(order.map((_, index) => index <= rank));
        logger.error("e");
        logger.warn("w");
        logger.info("i");
        logger.debug("d");
        await logging.flush();
      }
      const lines = readFileSync(join(folder, "stderr"), "utf8").split("\n").slice(0, -1);
      expect(order.map((level) => lines.filter((line) => line.includes(`m-${level}`)).length)).toEqual([0, 1, 2, 3, 4]);
    },
  );

  it("[logger levels] changes known modules even if others are unknown, and reports those", async () => {
    const lines = await linesOf(
      (logging) => {
        const a = logging.logger("a");
        expect(logging.logger("a")).toBe(a);
        expect(logging.setLevel("DEBUG", ["a", "nobody"])).toEqual({ changed: ["a"], unknown: ["nobody"] });
        a.debug("seen");
        logging.logger("b").debug("not seen");
        expect(logging.levels()).toEqual({ level: "info", modules: { a: "debug", b: "info" } });
        expect(logging.setLevel("error")).toEqual({ changed: ["a", "b"], unknown: [] });
        a.warn("not seen");
        logging.logger("c").warn("not seen");
        expect(logging.levels()).toEqual({ level: "error", modules: { a: "error", b: "error", c: "error" } });
        try {
          logging.setLevel("loud");
          expect.unreachable();
        } catch (error) {
          expect(hasCode(error, "KINGLET_ERR_LOGGER_LEVEL")).toBe(true);
        }
      },
      { level: "info" },
    );
    expect(lines).toHaveLength(1);
  });

  it("[logger levels] gives a module created later its configured level", async () => {
    const lines = await linesOf((logging) => logging.logger("detection").debug("seen"), {
      level: "error",
      moduleLevels: new Map([["detection", "debug"]]),
    });
    expect(lines).toHaveLength(1);
  });

  it("[logger redaction] hides secrets in messages, field values and fields with secret names", async () => {
    const lines = await linesOf((logging) => {
      logging
        .logger("m")
        .info("ran --password hunter2", { token: "hunter2", url: "https://u:hunter2@h/", args: { apiKey: "hunter2" } });
    });
    expect(lines[0]).not.toContain("hunter2");
    expect(lines[0]).toContain("token=[redacted]");
  });

  it("[logger hostile] writes one bounded printable line whatever the content, and never throws", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const hostile: Record<string, unknown> = {
      circular,
      deep: { a: { b: { c: { d: { e: 1 } } } } },
      huge: "x".repeat(1_000_000),
      wide: Array.from({ length: 10_000 }, (_, index) => index),
      control: "a\nb\u001b[31m\u202e\ud800",
      getter: Object.defineProperty({}, "x", { enumerable: true, get: () => Math.sqrt(JSON.parse("{") as number) }),
      proxy: new Proxy({}, { ownKeys: () => JSON.parse("{") as string[] }),
      cause: new Error("outer", { cause: new Error("inner") }),
      bytes: new Uint8Array(10),
      map: new Map([[1, 2]]),
      call: () => 1,
      nan: Number.NaN,
    };
    for (const format of ["console", "json"] as const) {
      const before = readFileSync(join(folder, "stderr"), "utf8").length;
      const logging = openLogging({ fd, clock, format });
      logging.logger("bad\nmodule").error("first\nsecond\u0000", hostile);
      logging
        .logger("m")
        .error(undefined as unknown as string, new Proxy({}, { ownKeys: () => JSON.parse("{") as string[] }));
      await logging.flush();
      const text = readFileSync(join(folder, "stderr"), "utf8").slice(before);
      expect(text.split("\n")).toHaveLength(3);
      expect(text.length).toBeLessThan(40_000);
      // oxlint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u2028\u2029\u202e]/);
      if (format === "json") expect(JSON.parse(text.split("\n")[0]!)).toHaveProperty("cause.cause.message", "inner");
    }
  });

  it("writes valid JSON for any value", async () => {
    const logging = openLogging({ fd, clock, format: "json" });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.dictionary(fc.string(), fc.anything()), (message, fields) => {
        logging.logger("m").info(message, fields);
      }),
      { seed: 1, numRuns: 500 },
    );
    await logging.flush();
    const lines = readFileSync(join(folder, "stderr"), "utf8").split("\n").slice(0, -1);
    expect(lines).toHaveLength(500);
    for (const line of lines) JSON.parse(line);
  });

  it("[logger cost] creates 1,000 loggers for less than 2 MB and at most one descriptor", async () => {
    const gc = globalThis.gc!;
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const names = Array.from({ length: 1000 }, (_, index) => `module-${index}`);
    const fdsBefore = descriptors();
    const logging = openLogging({ fd, clock });
    logging.logger("warm-up");
    gc();
    const before = process.memoryUsage().heapUsed;
    for (const name of names) logging.logger(name);
    gc();
    const bytesEach = (process.memoryUsage().heapUsed - before) / 1000;
    expect(bytesEach).toBeLessThan(1024);
    expect(descriptors() - fdsBefore).toBeLessThanOrEqual(1);
    await logging[Symbol.asyncDispose]();
  });

  it("[logger file] shares one writer per real path, [start-up L8] also when opened at the same moment", async () => {
    const files = new LogFiles(clock);
    const path = join(folder, "log.txt");
    const loggings = await Promise.all(
      Array.from({ length: 5 }, async (_, index) =>
        openLogging({ fd, clock, files, file: { path: index % 2 === 0 ? path : join(folder, ".", "log.txt") } }),
      ),
    );
    expect(files.size).toBe(1);
    for (const [index, logging] of loggings.entries()) logging.logger("m").info(`line ${index}`);
    for (const logging of loggings) await logging[Symbol.asyncDispose]();
    expect(files.size).toBe(0);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(6);
  });

  it("[logger file] goes on without a file whose directory is missing, and says so", async () => {
    const lines = await linesOf((logging) => logging.logger("m").info("still here"), {
      file: { path: join(folder, "missing", "log.txt") },
    });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("KINGLET_ERR_LOGGER_FILE");
  });

  it("[logger fatal] writes the last line before returning", async () => {
    const logging = openLogging({ fd, clock });
    logging.fatal("main", "cannot go on");
    await logging.flush();
    expect(readFileSync(join(folder, "stderr"), "utf8")).toContain("Fatal: cannot go on");
  });
});
