import type * as RunServe from "./run-serve.ts";

/** The simulator's program, after the compile cache is on. @internal */
export function loadRunServe(): Promise<typeof RunServe> {
  return import("./run-serve.ts");
}
