import type { LearnedUpdate } from "@kinglet/learning";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { createThriftyStore } from "./thrifty-store.ts";

function profileOf(executions: number): ContainerProfile {
  const execs = Array.from({ length: executions }, (_, at) => ({ path: `/bin/${String(at)}` }));
  return parseContainerProfile({ metadata: { namespace: "shop", name: "web" }, spec: { execs } });
}

/** What happens in which order when a profile of so many executions is merged into one of so many. */
async function stepsOf(
  stored: ContainerProfile | undefined,
  merged: ContainerProfile | undefined,
  end: () => LearnedUpdate = () => ({ outcome: "written" }),
): Promise<readonly string[]> {
  const steps: string[] = [];
  const store = createThriftyStore(
    {
      update: async (_namespace, _name, merge) => {
        expect(merge(stored)).toBe(merged);
        steps.push("written");
        return end();
      },
    },
    () => steps.push("given back"),
  );
  const merge = (current: ContainerProfile | undefined): ContainerProfile | undefined => {
    expect(current).toBe(stored);
    steps.push("merged");
    return merged;
  };
  const { signal } = new AbortController();
  await store.update("shop", "web", merge, { signal }).catch(() => steps.push("failed"));
  return steps;
}

describe("createThriftyStore", () => {
  it("gives back what each step of a large profile left behind, also when it fails", async () => {
    const large = profileOf(4_001);
    const fail = (): never => {
      throw new Error("refused");
    };
    expect(await stepsOf(large, large)).toEqual(["given back", "merged", "given back", "written", "given back"]);
    expect(await stepsOf(undefined, large)).toEqual(["merged", "given back", "written", "given back"]);
    expect(await stepsOf(large, undefined)).toEqual(["given back", "merged", "written", "given back"]);
    expect(await stepsOf(undefined, large, fail)).toEqual(["merged", "given back", "written", "given back", "failed"]);
  });

  it("costs nothing for others", async () => {
    expect(await stepsOf(profileOf(4_000), profileOf(4_000))).toEqual(["merged", "written"]);
  });
});
