import { describe, expect, it } from "vitest";
import { waitFor } from "./wait-for.ts";

describe("waitFor", () => {
  it("returns what the predicate gives at last", async () => {
    let calls = 0;
    expect(await waitFor(() => (++calls > 2 ? calls : undefined), { describe: "three calls", intervalMs: 1 })).toBe(3);
  });

  it("names what it waited for, with the predicate's last error as cause", async () => {
    const fault = new Error("not yet");
    const wait = waitFor(
      () => {
        throw fault;
      },
      { describe: () => "the moon", timeoutMs: 5, intervalMs: 1 },
    );
    await expect(wait).rejects.toMatchObject({ message: "waited 5 ms in vain for the moon", cause: fault });
  });
});
