import { beforeAll, describe, expect, it } from "vitest";
import { profilesFromRecording, type PlayedWorkload } from "./profiles-from-recording.ts";
import { readRecording, type Recording } from "./read-recording.ts";
import { recordedExecutions, type RecordedExecutions } from "./recorded-executions.ts";
import { shop, type ShopWorkload } from "./shop.ts";

const container = (name: string, digit: string) => ({ name, id: digit.repeat(64) });
const workload: ShopWorkload = {
  name: "cart",
  part: "shop",
  containerName: "app",
  image: "cart:1",
  recordedAs: "web",
  leftOut: [{ binary: "/bin/nc", what: "x" }],
};

describe("profilesFromRecording", () => {
  it("permits what the containers of the workload execute, minus what it leaves out", () => {
    const [first, second, other] = [container("web", "a"), container("web", "b"), container("batch", "c")];
    const executions = [
      { line: 3, container: first, binary: "/bin/sh", args: "", execId: "1" },
      { line: 4, container: first, binary: "/bin/nc", args: "", execId: "2" },
      { line: 5, container: other, binary: "/bin/date", args: "", execId: "3" },
      { line: 7, container: second, binary: "/bin/sh", args: "", execId: "4" },
      { line: 8, container: second, binary: "/bin/cat", args: "", execId: "5" },
    ];
    const [played] = profilesFromRecording([workload], [first, container("web", "9"), second, other], executions);
    expect(played?.permitted).toEqual(["/bin/cat", "/bin/sh"]);
    expect(played?.outside.map(({ execId }) => execId)).toEqual(["2"]);
    expect(played?.leftOut).toEqual([{ binary: "/bin/nc", what: "x", executions: 1 }]);
    expect(played?.containers).toEqual([
      { id: first.id, startsAtLine: 0 },
      { id: second.id, startsAtLine: 7 },
    ]);
  });
});

describe("the shop of the demo", () => {
  let recording: Recording;
  let executions: RecordedExecutions;
  let played: PlayedWorkload[];

  beforeAll(() => {
    recording = readRecording();
    executions = recordedExecutions(recording.lines, recording.containers);
    played = profilesFromRecording(shop, recording.containers, executions.ofContainers);
  });

  it("plays the whole recording", () => {
    expect([recording.lines.length, recording.rotations.length, executions.total]).toEqual([10_671, 5, 3_727]);
  });

  it("has a recorded container behind each workload, two lives of storefront and orders", () => {
    expect(played.map(({ workload: { name }, containers }) => [name, containers.length])).toEqual([
      ["storefront", 2],
      ["catalog", 1],
      ["orders", 2],
      ["admin-tools", 1],
      ["node-agent", 1],
    ]);
  });

  it("raises a readable number of alerts, each left-out program at least once", () => {
    const alerts = played.flatMap(({ outside }) => outside);
    expect(alerts).toHaveLength(12);
    expect(new Set(alerts.map(({ execId }) => execId)).size).toBe(12);
    for (const { leftOut } of played) for (const entry of leftOut) expect(entry.executions).toBeGreaterThan(0);
  });

  it("does nothing in a container after its next life has begun", () => {
    for (const { containers } of played) {
      for (const [index, { id }] of containers.entries()) {
        const next = containers[index + 1];
        const last = executions.ofContainers.findLast((execution) => execution.container.id === id);
        if (next !== undefined) expect(last?.line).toBeLessThan(next.startsAtLine);
      }
    }
  });
});
