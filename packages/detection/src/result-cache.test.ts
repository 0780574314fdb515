import { parseContainerProfile } from "@kinglet/profile";
import { describe, expect, it } from "vitest";

import { obviousAnswers } from "../test/obvious-answers.ts";
import type { ProfileAnswers } from "./detector.ts";
import { ResultCache } from "./result-cache.ts";

interface Counting {
  readonly content: ProfileAnswers;
  readonly asked: string[];
}

function contentWith(...paths: string[]): Counting {
  const asked: string[] = [];
  const answers = obviousAnswers(
    parseContainerProfile({
      metadata: { name: "p", namespace: "n" },
      spec: { opens: paths.map((path) => ({ path })) },
    }),
  );
  const content: ProfileAnswers = {
    ...answers,
    hasOpenWithPrefix: (prefix) => {
      asked.push(prefix);
      if (prefix === "fail") throw new Error("the profile is gone");
      return answers.hasOpenWithPrefix(prefix);
    },
    hasOpenWithSuffix: (suffix) => {
      asked.push(suffix);
      return answers.hasOpenWithSuffix(suffix);
    },
  };
  return { content, asked };
}

describe("ResultCache", () => {
  it("asks the profile once for the same question and argument, and again for others [rules F-1]", () => {
    const { content, asked } = contentWith("/etc/passwd");
    const cache = new ResultCache(100);
    const answers = ["/etc", "/etc", "/usr", "/usr"].map((prefix) => cache.ask(content, "open-prefix", prefix));
    expect(answers).toEqual([true, true, false, false]);
    expect(cache.ask(content, "open-suffix", "/etc")).toBe(false);
    expect(asked).toEqual(["/etc", "/usr", "/etc"]);
    expect(cache.size).toBe(3);
  });

  it("never gives the answer of another version of the profile [rules F-2]", () => {
    const cache = new ResultCache(100);
    expect(cache.ask(contentWith("/etc/passwd").content, "open-prefix", "/etc")).toBe(true);
    expect(cache.ask(contentWith("/usr/x").content, "open-prefix", "/etc")).toBe(false);
  });

  it("does not remember a failure [rules F-1]", () => {
    const { content, asked } = contentWith();
    const cache = new ResultCache(100);
    for (let round = 0; round < 2; round++) expect(() => cache.ask(content, "open-prefix", "fail")).toThrow("gone");
    expect([asked.length, cache.size]).toEqual([2, 0]);
  });

  it("keeps what is asked for again and forgets what is not, within its bound [rules F-3]", () => {
    const { content, asked } = contentWith();
    const cache = new ResultCache(8);
    for (let round = 0; round < 50; round++) {
      cache.ask(content, "open-prefix", "/often");
      cache.ask(content, "open-prefix", `/once-${round}`);
      expect(cache.size).toBeLessThanOrEqual(4);
    }
    expect(asked.filter((prefix) => prefix === "/often")).toHaveLength(1);
    cache.ask(content, "open-prefix", "/once-0");
    expect(asked.filter((prefix) => prefix === "/once-0")).toHaveLength(2);
  });

  it("starts anew when it is cleared [rules F-1]", () => {
    const { content, asked } = contentWith();
    const cache = new ResultCache(8);
    cache.ask(content, "open-prefix", "/a");
    cache.clear();
    expect(cache.size).toBe(0);
    cache.ask(content, "open-prefix", "/a");
    expect([asked.length, cache.size]).toEqual([2, 1]);
  });
});
