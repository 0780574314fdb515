import { describe, expect, it } from "vitest";
import { seededRandom, shuffled } from "./seeded-random.ts";
import { parseSoakOptions } from "./soak-options.ts";

describe("parseSoakOptions", () => {
  it("has defaults and reads every option", () => {
    expect(parseSoakOptions([])).toEqual({
      seed: 1,
      minutes: 30,
      isReal: false,
      speed: 20,
      objects: 20_000,
      output: "text",
      isHelp: false,
    });
    const options = parseSoakOptions(["--seed", "7", "--minutes", "3", "--real", "--output", "json", "--speed=1"]);
    expect(options).toMatchObject({ seed: 7, minutes: 3, isReal: true, output: "json", speed: 1 });
  });

  it("refuses what makes no sense, naming it", () => {
    expect(() => parseSoakOptions(["--minutes", "soon"])).toThrow("--minutes soon");
    expect(() => parseSoakOptions(["--output", "xml"])).toThrow("--output xml");
    expect(() => parseSoakOptions(["--fast"])).toThrow("--fast");
  });
});

describe("seededRandom", () => {
  it("gives the same numbers for the same seed, and shuffles by them", () => {
    const [one, same, other] = [seededRandom(1), seededRandom(1), seededRandom(2)];
    const numbers = Array.from({ length: 1000 }, () => one());
    expect(Array.from({ length: 1000 }, () => same())).toEqual(numbers);
    expect(other()).not.toBe(numbers[0]);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(shuffled([1, 2, 3, 4, 5], seededRandom(3)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });
});
