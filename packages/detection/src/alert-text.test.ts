import { redact } from "@kinglet/logger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { endWithin, maxAlertText, showList, showText } from "./alert-text.ts";

const mark = /\.\.\. \[cut: \d+ characters\]$/;

describe("showText", () => {
  it("leaves a short text as redaction leaves it", () => {
    expect(showText("mysql --password hunter2", 100)).toBe("mysql --password [redacted]");
  });

  it("cuts a long one and says how long it was [rules T-1]", () => {
    expect(showText("abcd efgh ".repeat(1000), 12)).toBe("abcd efgh ab... [cut: 10000 characters]");
    expect(showText("x".repeat(2_000_000), 4096)).toHaveLength(4096 + "... [cut: 2000000 characters]".length);
  });

  it("does not cut a surrogate pair in half [rules T-1]", () => {
    for (const shift of ["", "x"]) {
      const shown = showText(`${shift}${"\u{1f600}".repeat(500)}`, 100);
      expect(shown.isWellFormed()).toBe(true);
      expect(shown.replace(mark, "").length).toBeGreaterThanOrEqual(48);
    }
  });

  it("counts what stands for a character in JSON, as UTF-8, and what stands for a secret [rules T-1]", () => {
    for (const character of ['"', "\\", "\u001b", "\u4e2d", "\u00e9"]) {
      const shown = showText(character.repeat(4_096), maxAlertText.commandLine);
      expect(shown).toMatch(mark);
      expect(Buffer.byteLength(JSON.stringify(shown))).toBeLessThanOrEqual(4_096 + 40);
    }
    expect(Buffer.byteLength(showText("--token x ".repeat(400), 4_096))).toBeLessThanOrEqual(4_096 + 40);
    expect(showText('"'.repeat(2_048), 4_096)).toBe('"'.repeat(2_048));
  });

  it("shows a text whole that fits once its secrets are gone", () => {
    expect(showText(`--password ${"x".repeat(150)}`, 100)).toBe("--password [redacted]");
  });

  it("shows nothing that redaction would hide in the whole text, wherever the cut falls [rules T-1]", () => {
    const maxLength = 64;
    const pieces = [
      ...[
        "--password hunter2",
        "token=hunter2",
        "https://user:hunter2@host/",
        "-u bob:1hunter2",
        "Bearer hunter2hunter2",
      ],
      ...["Authorization: Basic hunter2hunter2", "eyJhbGciOiJIUzI1NiJ9.hunter2hunter2", "Cookie: a=hunter2; b=hunter2"],
      ...[
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
        "ls",
        "-Dabc=xyz",
        "/usr/bin/env",
        "'a b'",
      ],
    ];
    let cut = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), fc.nat(80), (words, shift) => {
        const text = `${"x".repeat(shift)} ${words.join(" ")}`;
        const shown = showText(text, maxLength);
        expect(shown).not.toContain("hunter");
        if (!mark.test(shown)) return;
        cut++;
        const beginning = shown.replace(mark, "");
        expect(beginning.length).toBeLessThanOrEqual(maxLength);
        expect(redact(text).startsWith(beginning)).toBe(true);
      }),
      { seed: 1, numRuns: 5_000 },
    );
    expect(cut).toBeGreaterThan(1_000);
  });

  it("shows the beginning of a word without end only where nothing looks like a secret [rules T-1]", () => {
    const data = "abcdefghij".repeat(1_000);
    expect(showText(`curl --data ${data}`, 100)).toMatch(/^curl --data abcdefghij/);
    expect(showText(`curl ?token=${data}`, 100)).toBe(`curl... [cut: ${data.length + 12} characters]`);
  });

  it("keeps what is cut apart from the text it came from [rules T-1]", () => {
    const wide = showText(`\u00e9${"\u4e2d".repeat(500)}`, 100);
    expect(wide).toBe(`\u00e9${"\u4e2d".repeat(32)}... [cut: 501 characters]`);
  });
});

const encodedBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

describe("endWithin", () => {
  it("is as much as fits, and never half of a pair [rules T-1]", () => {
    const unit = fc.oneof(
      fc.constantFrom(
        '"',
        "\\",
        "\n",
        "\u001b",
        "\u007f",
        "\u2028",
        "\u4e2d",
        "\u00e9",
        "\u{1f600}",
        "\ud83d",
        "\ude00",
        "a",
      ),
      fc.string({ unit: "binary", maxLength: 2 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), fc.nat(100), (units, maxBytes) => {
        const text = units.join("");
        const end = endWithin(text, maxBytes);
        expect(encodedBytes(text.slice(0, end))).toBeLessThanOrEqual(maxBytes);
        if (end === text.length) return;
        const next = end + String.fromCodePoint(text.codePointAt(end)!).length;
        expect(encodedBytes(text.slice(0, next))).toBeGreaterThan(maxBytes);
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });
});

describe("showList", () => {
  it("is the list where it is short, and says how many there were where it is not [rules T-1]", () => {
    const flags = ["O_RDONLY", "O_CLOEXEC"];
    expect(showList(flags)).toBe(flags);
    const many = Array.from({ length: 1_000 }, (_, at) => `10.0.0.${at}`);
    expect(showList(many)).toHaveLength(maxAlertText.elements + 1);
    expect(showList(many).at(-1)).toBe("... [cut: 1000 in all]");
    expect(showList(["x".repeat(5_000)])).toEqual([expect.stringMatching(mark)]);
  });
});
