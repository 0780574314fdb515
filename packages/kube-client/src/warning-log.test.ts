import { noopLogger, type Logger } from "@kinglet/logger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACCESS, pod, ScriptedTransport } from "../test/scripted-transport.ts";
import { createKubeClient, pods } from "./index.ts";
import { loadWarningLog } from "./lazy.ts";
import { parseWarnings, WarningLog } from "./warning-log.ts";

describe("KubeClient", () => {
  it("takes no harm from a warning that cannot be logged [client E6]", async () => {
    const warn = (): never => {
      throw new Error("the disk is full");
    };
    const answer = { json: pod("a", "1", { kind: "Pod" }), headers: { warning: '299 - "old"' } };
    const client = createKubeClient(ACCESS, {
      transport: new ScriptedTransport(() => answer),
      logger: { ...noopLogger, warn },
    });
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    try {
      for (let index = 0; index < 3; index++) {
        await client.get(pods, "a", { namespace: "shop" });
        await loadWarningLog();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      process.off("unhandledRejection", note);
    }
    expect(rejections).toEqual([]);
  });
});

describe("parseWarnings", () => {
  it.each<[string, string[]]>([
    ['299 - "v1beta1 is deprecated"', ["v1beta1 is deprecated"]],
    ['299 - "one", 299 kubernetes "two"', ["one", "two"]],
    ['299 - "say \\"hi\\", \\\\ then"', ['say "hi", \\ then']],
    ['299 - "a, b" "Sat, 21 Nov 2026 00:00:00 GMT", 299 - "c"', ["a, b", "c"]],
    ['199 - "other code", 299 - "kept"', ["kept"]],
    ["nonsense", []],
    ['299 - "unterminated', []],
    ['299 - "first", rest', ["first"]],
    ['299 - "line\\\nbreak"', ["line break"]],
    ["", []],
  ])("reads %j [client E6]", (header, expected) => {
    expect(parseWarnings(header)).toEqual(expected);
  });

  it("reads back every text that is quoted as the API server quotes it [client E6]", () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 200 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const header = texts.map((one) => `299 - "${one.replace(/(["\\])/g, "\\$1")}"`).join(", ");
        expect(parseWarnings(header)).toEqual(texts);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("WarningLog", () => {
  it("logs each text once, and remembers no more than 128 [client E6]", () => {
    const lines: unknown[] = [];
    const logger: Logger = { ...noopLogger, warn: (_message, fields) => void lines.push(fields) };
    const log = new WarningLog(logger);
    const place = { method: "GET", path: "/apis/a?labelSelector=x" };
    for (let index = 0; index < 3; index++) log.add(['299 - "same"', '299 - "other"'], place);
    expect(lines).toEqual([
      { warning: "same", method: "GET", path: "/apis/a" },
      { warning: "other", method: "GET", path: "/apis/a" },
    ]);
    for (let index = 0; index < 128; index++) log.add(`299 - "n${index}"`, place);
    log.add('299 - "n127"', place);
    expect(lines).toHaveLength(130);
    log.add('299 - "same"', place);
    expect(lines).toHaveLength(131);
  });
});
