import { profileStatus, type ContainerProfile } from "@kinglet/profile";
import * as fc from "fast-check";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { exec, identityOf, type LearnerBench } from "../test/learner-bench.ts";
import { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";
import { isLearning } from "./learning-state.ts";

/** A node: a container that runs on, and a sensor that is killed again and again, with its directory and its source. */
class Node {
  readonly name: string;
  /** Everything that the container executed while it was learned. */
  readonly executed: Set<string> = new Set();
  /** True once its learning came to an end that this node had a part in. */
  isDone = false;
  #bench!: LearnerBench;
  #model: ModelFiles = new ModelFiles();
  readonly #before: LearnerBench[] = [];
  /** What its source has delivered in this run. */
  #delivered: { readonly path: string; isDone: boolean }[] = [];

  private constructor(name: string) {
    this.name = name;
  }

  static async open(name: string, clock: ManualClock, store: MemoryStore): Promise<Node> {
    const node = new Node(name);
    node.#bench = await openOn(node.#model, undefined, { clock, store });
    node.#bench.start(name);
    return node;
  }

  get state(): string {
    return this.#bench.view(identityOf(this.name))?.state ?? "";
  }

  execute(path: string): void {
    const { state } = this;
    if (state === "" || !isLearning(state as Parameters<typeof isLearning>[0])) return;
    this.executed.add(path);
    const event = exec(path);
    const entry = { path, isDone: false };
    this.#delivered.push(entry);
    const position = this.#bench.learner.record(event, identityOf(this.name));
    this.#bench.learner.whenPersisted(position, event.sequence, () => (entry.isDone = true));
  }

  /** Ends the process, with the power perhaps, and starts the next, whose source goes back to the first event that was not done with. */
  async kill(which: number | undefined): Promise<void> {
    this.look();
    const states = which === undefined ? [] : [...this.#model.afterPowerFailure(this.#model.steps.length)];
    this.#model = which === undefined ? this.#model.afterKill() : (states[which % states.length] ?? this.#model);
    const firstOpen = this.#delivered.findIndex(({ isDone }) => !isDone);
    const open = firstOpen === -1 ? [] : this.#delivered.slice(firstOpen);
    this.#delivered = [];
    this.#before.push(this.#bench);
    this.#bench = await openOn(this.#model, this.#bench);
    if (this.isDone) return;
    this.#bench.start(this.name, { isAlreadyRunning: true, isContinued: true });
    for (const { path } of open) this.execute(path);
  }

  /** The informer tells it what the store says. */
  hear(profile: ContainerProfile | undefined): void {
    if (profile === undefined) return;
    const { status, completion } = profileStatus(profile);
    if (status !== "completed" || completion === "") return;
    this.#bench.learner.profileCompleted(identityOf(this.name).containerId, completion);
  }

  look(): void {
    if (this.state === "completed") this.isDone = true;
  }

  async stop(): Promise<void> {
    for (const one of [...this.#before, this.#bench]) await one.stop();
  }
}

type Step =
  | { readonly what: "execute"; readonly node: number; readonly path: number }
  | { readonly what: "advance"; readonly ms: number }
  | { readonly what: "kill"; readonly node: number; readonly state: number | undefined }
  | { readonly what: "store"; readonly isDown: boolean }
  | { readonly what: "tamper"; readonly how: "empty" | "delete" | "replace" | "remove"; readonly mask: number };

const node = fc.nat(1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant("execute" as const), node, path: fc.nat(30) }) },
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant("advance" as const), ms: fc.constantFrom(0, 100, 150, 2_500, 11_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant("kill" as const),
      node,
      state: fc.option(fc.nat(40), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("store" as const), isDown: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant("tamper" as const),
      how: fc.constantFrom("empty", "delete", "replace", "remove"),
      mask: fc.nat(255),
    }),
  },
);

const isComplete = (profile: ContainerProfile | undefined): boolean =>
  profile !== undefined && profileStatus(profile).completion === "complete";

function tamper(store: MemoryStore, { how, mask }: Extract<Step, { readonly what: "tamper" }>): void {
  const profile = store.get("p");
  // What is done to a profile after the last word on it is not a learner's to mend.
  if (profile === undefined || isComplete(profile)) return;
  if (how === "delete") {
    store.objects.clear();
    return;
  }
  const { spec } = profile;
  const other = [{ path: "/bin/other", args: [], envs: [], argsRequired: false }];
  const left = spec.execs.filter((_, at) => ((mask >> (at % 8)) & 1) === 0);
  const execs = how === "empty" ? [] : how === "replace" ? other : left;
  store.objects.set("shop/p", { ...profile, spec: { ...spec, execs } });
}

describe("Learner", () => {
  it("says complete of nothing but what holds all that was executed, whatever is done to the profile and whenever sensors are killed [learning evidence] [learning kill]", async () => {
    let held = 0;
    let afterKill = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 50 }), async (steps) => {
        const clock = new ManualClock();
        const store = new MemoryStore();
        const nodes = [await Node.open("a", clock, store), await Node.open("b", clock, store)] as const;
        const advance = async (ms: number): Promise<void> => {
          await clock.advance(ms);
          for (const one of nodes) one.look();
          for (const one of nodes) one.hear(store.get("p"));
        };
        let kills = 0;
        for (const step of steps) {
          if (step.what === "execute") nodes[step.node === 0 ? 0 : 1].execute(`/bin/${String(step.path)}`);
          else if (step.what === "advance") await advance(step.ms);
          else if (step.what === "store") store.mode = step.isDown ? "down" : "works";
          else if (step.what === "tamper") tamper(store, step);
          else {
            kills += 1;
            await nodes[step.node === 0 ? 0 : 1].kill(step.state);
          }
        }
        store.mode = "works";
        for (let second = 0; second < 250; second += 10) await advance(10_000);
        const profile = store.get("p");
        if (isComplete(profile)) {
          const paths = new Set(profile!.spec.execs.map(({ path }) => path));
          expect(paths.size).toBeGreaterThan(0);
          for (const one of nodes) {
            if (!one.isDone) continue;
            expect([...one.executed].filter((path) => !paths.has(path))).toEqual([]);
            if (one.executed.size > 0) held += 1;
            if (kills > 0) afterKill += 1;
          }
        }
        for (const one of nodes) await one.stop();
      }),
      { seed: 1, numRuns: 400 },
    );
    // Not because nothing was ever complete.
    expect(held).toBeGreaterThan(200);
    expect(afterKill).toBeGreaterThan(100);
  }, 60_000);
});
