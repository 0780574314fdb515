import { redact } from "@kinglet/logger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { RedactionMemory } from "./redaction-memory.ts";

const text = fc
  .array(
    fc.constantFrom(
      "-c ",
      "ls ",
      "--password ",
      "--token=",
      "hunter2",
      "abc",
      "x",
      " ",
      "https://u:p@h/",
      "\ud83d\ude00",
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

describe("RedactionMemory", () => {
  it("[events redaction] answers as for a text alone, whatever came before, and with the same string where nothing is secret", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), (texts) => {
        const memory = new RedactionMemory();
        for (const one of [...texts, ...texts]) expect(memory.redact(one)).toBe(redact(one));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("[events redaction] tells texts apart that are chosen for the same place", () => {
    const memory = new RedactionMemory();
    // All of one length, and few of the characters that choose the place differ.
    const texts = Array.from({ length: 1_000 }, (_, n) => `--password p${String(n).padStart(6, "0")} -v -x -y -z`);
    for (const one of [...texts, ...texts.toReversed()]) expect(memory.redact(one)).toBe(redact(one));
    const plain = Array.from({ length: 1_000 }, (_, n) => `--parallel p${String(n).padStart(6, "0")} -v -x -y -z`);
    for (const one of [...plain, ...texts]) expect(memory.redact(one)).toBe(redact(one));
  });
});
