import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveApplet } from "./resolve-applet.ts";

const names = ["heap", "sensor"];

describe("resolveApplet", () => {
  it.each(["sensor", "/usr/bin/sensor", "./a b/sensor", "sensor.cjs", "sensor.js", "sensor.mjs", "sensor.exe"])(
    "takes the applet's name from %s",
    (invokedAs) => {
      expect(resolveApplet(invokedAs, ["heap", "--help"], names)).toEqual({
        kind: "applet",
        name: "sensor",
        invocation: "sensor",
        argv: ["heap", "--help"],
      });
    },
  );

  it("takes it from the first argument under the program's own name only", () => {
    expect(resolveApplet("/x/kinglet.cjs", ["heap", "compare"], names)).toEqual({
      kind: "applet",
      name: "heap",
      invocation: "kinglet heap",
      argv: ["compare"],
    });
    expect(resolveApplet("/x/other", ["heap"], names)).toEqual({ kind: "unknown", name: "other" });
  });

  it("knows options, and help when there is nothing", () => {
    expect(resolveApplet("kinglet", [], names)).toEqual({ kind: "option", option: "--help", argv: [] });
    expect(resolveApplet("kinglet", ["--install", "a"], names)).toEqual({
      kind: "option",
      option: "--install",
      argv: ["a"],
    });
  });

  it.each(["Sensor", "sensor2", "sensor.cjs.cjs", "", "SENSOR", "__proto__", "constructor"])(
    "does not take %j for an applet",
    (name) => {
      expect(resolveApplet("kinglet", [name], names)).toEqual({ kind: "unknown", name });
    },
  );

  const word = fc.oneof(
    fc.constantFrom(
      "sensor",
      "heap",
      "kinglet",
      "--help",
      "--list",
      "-h",
      "",
      "sensor.cjs",
      "/sensor",
      "..",
      "toString",
    ),
    fc.string({ maxLength: 8 }),
  );
  const folder = fc.constantFrom("", "/", "./", "/usr/bin/", "/heap/", "/sensor/", "../kinglet/");
  const suffix = fc.constantFrom("", ".cjs", ".mjs", ".js", ".exe");

  it("lets an applet's name win over any arguments, and never runs another applet", () => {
    fc.assert(
      fc.property(folder, fc.constantFrom(...names), suffix, fc.array(word), (at, name, end, argv) => {
        expect(resolveApplet(`${at}${name}${end}`, argv, names)).toEqual({
          kind: "applet",
          name,
          invocation: name,
          argv,
        });
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("runs an applet only if its exact name was the one called, or the program's first argument", () => {
    fc.assert(
      fc.property(folder, word, suffix, fc.array(word), (at, called, end, args) => {
        const resolution = resolveApplet(`${at}${called}${end}`, args, names);
        if (resolution.kind !== "applet") return;
        const { name, argv, invocation } = resolution;
        expect(names).toContain(name);
        const isCalled =
          `${called}${end}`
            .split("/")
            .at(-1)!
            .replace(/\.(cjs|mjs|js|exe)$/, "") === name;
        expect(isCalled || (invocation === `kinglet ${name}` && args[0] === name)).toBe(true);
        expect(argv).toEqual(isCalled ? args : args.slice(1));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
