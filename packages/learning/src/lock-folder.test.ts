import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { hasCode } from "@kinglet/errors";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../test/memory-store.ts";
import { lockFolder } from "./lock-folder.ts";
import { openLearner } from "./open-learner.ts";

const program = join(import.meta.dirname, "../test/hold-folder.ts");

/** A process that takes the folder, and what it says about that. */
class Rival implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly said: Promise<string>;

  constructor(folder: string) {
    this.child = spawn(process.execPath, ["--conditions=@kinglet/source", program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.said = once(this.child.stdout!, "data").then(([text]) => String(text).trim());
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** One that asks for the folder and is held up at each moment. */
class Contender {
  readonly #gates: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  readonly #reached: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  /** The lock; undefined when another one has it. */
  readonly end: Promise<AsyncDisposable | undefined>;
  #steps = 0;

  constructor(folder: string) {
    const moments = ["named", "looked"];
    const at = async (moment: string): Promise<void> => {
      const index = moments.indexOf(moment);
      this.#reached[index]?.resolve();
      await this.#gates[index]?.promise;
    };
    this.end = lockFolder(folder, at).catch((error: unknown) => {
      if (hasCode(error, "KINGLET_ERR_LEARNING_LOCKED")) return undefined;
      throw error;
    });
  }

  get named(): Promise<void> {
    return this.#reached[0]!.promise;
  }

  /** Goes on from where it is held up, as far as it gets without the others. */
  async step(): Promise<void> {
    await this.named;
    this.#gates[this.#steps]?.resolve();
    this.#steps += 1;
    const next = this.#reached[this.#steps]?.promise ?? this.end;
    // It may have to wait for one that is held up.
    const turns = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    })();
    await Promise.race([next, this.end, turns]);
  }
}

/** Every order in which each of these takes so many steps. */
function ordersOf(names: readonly string[], steps: number): readonly (readonly string[])[] {
  const orders: string[][] = [];
  const extend = (order: readonly string[]): void => {
    if (order.length === names.length * steps) orders.push([...order]);
    for (const name of names) {
      if (order.filter((one) => one === name).length < steps) extend([...order, name]);
    }
  };
  extend([]);
  return orders;
}

describe("lockFolder", () => {
  it("keeps a second process out, says who holds it, and lets it in after kill -9 [learning lock]", async () => {
    await using folder = await openTempDir();
    await using first = new Rival(folder.path);
    expect(await first.said).toBe("held");
    await using second = new Rival(folder.path);
    const said = await second.said;
    expect(said).toContain("locked: ");
    expect(said).toContain(folder.path);
    expect(said).toContain(`process ${String(first.child.pid)} on `);
    await first.kill();
    await using third = new Rival(folder.path);
    expect(await third.said).toBe("held");
    // Of those that were killed or refused nothing is left but the one lock.
    expect(readdirSync(folder.path)).toEqual([expect.stringMatching(/^lock-/)]);
  });

  it("is held by a process that is stopped and answers nobody [learning lock]", async () => {
    await using folder = await openTempDir();
    await using first = new Rival(folder.path);
    await first.said;
    first.child.kill("SIGSTOP");
    await expect(lockFolder(folder.path)).rejects.toMatchObject({
      code: "KINGLET_ERR_LEARNING_LOCKED",
      message: expect.stringContaining("a process that does not answer"),
    });
  });

  it("goes to exactly one of those that find it left behind at the same moment [learning lock]", async () => {
    await using folder = await openTempDir();
    await using dead = new Rival(folder.path);
    await dead.said;
    await dead.kill();
    const rivals = Array.from({ length: 5 }, () => new Rival(folder.path));
    try {
      const said = await Promise.all(rivals.map((rival) => rival.said));
      expect(said.filter((text) => text === "held")).toHaveLength(1);
      expect(said.filter((text) => text.startsWith("locked: "))).toHaveLength(4);
    } finally {
      await Promise.all(rivals.map((rival) => rival.kill()));
    }
  });

  it("goes to exactly one of three, whatever they have seen of each other when [learning lock]", async () => {
    for (const order of ordersOf(["a", "b", "c"], 2)) {
      await using folder = await openTempDir();
      // Left behind by one that was killed, and by one of an earlier version.
      writeFileSync(folder.file("lock-1-dead"), "");
      writeFileSync(folder.file("lock"), "");
      writeFileSync(folder.file("born-lock-1-dead"), "");
      const contenders = new Map(["a", "b", "c"].map((name) => [name, new Contender(folder.path)]));
      for (const name of order) await contenders.get(name)?.step();
      const ends = await Promise.all([...contenders.values()].map(({ end }) => end));
      const held = ends.filter((end) => end !== undefined);
      expect(held, order.join(" ")).toHaveLength(1);
      expect(readdirSync(folder.path), order.join(" ")).toEqual([expect.stringMatching(/^lock-/)]);
      await held[0]?.[Symbol.asyncDispose]();
      expect(readdirSync(folder.path)).toEqual([]);
    }
  });

  it("is not taken from one that was seen before it had said anything, and goes to the next one when that was refused [learning lock]", async () => {
    await using folder = await openTempDir();
    const first = new Contender(folder.path);
    await first.named;
    const second = new Contender(folder.path);
    await second.named;
    // Both are seen by the third, which waits for those that it has to wait for.
    const third = new Contender(folder.path);
    for (const one of [third, third, second, second, first, first]) await one.step();
    const ends = await Promise.all([first.end, second.end, third.end]);
    const held = ends.filter((end) => end !== undefined);
    expect(held).toHaveLength(1);
    await held[0]?.[Symbol.asyncDispose]();
    const next = await lockFolder(folder.path);
    await next[Symbol.asyncDispose]();
  });

  it("is given back, also below a path that no socket could have [learning lock]", async () => {
    await using folder = await openTempDir();
    const path = folder.file(`${"long".repeat(30)}/${"longer".repeat(30)}`);
    mkdirSync(path, { recursive: true });
    for (let round = 0; round < 2; round += 1) {
      const lock = await lockFolder(path);
      await expect(lockFolder(path)).rejects.toMatchObject({ code: "KINGLET_ERR_LEARNING_LOCKED" });
      await lock[Symbol.asyncDispose]();
      expect(readdirSync(path)).toEqual([]);
    }
  });

  it("does not print what somebody else's socket says as it came, nor takes what is no socket [learning lock]", async () => {
    await using folder = await openTempDir();
    const server = createServer((socket) => socket.end("\u001b[31m\n\u202ex"));
    server.listen(folder.file("lock"));
    await once(server, "listening");
    await expect(lockFolder(folder.path)).rejects.toMatchObject({ message: expect.stringContaining("?[31m??x keeps") });
    server.close();
    await once(server, "close");
    // What is no socket was put there by nobody of ours and is nobody's lock.
    writeFileSync(folder.file("lock"), "");
    const lock = await lockFolder(folder.path);
    await lock[Symbol.asyncDispose]();
  });
});

describe("openLearner", () => {
  it("takes its directory for itself until it is closed [learning lock]", async () => {
    await using folder = await openTempDir();
    const options = {
      store: new MemoryStore(),
      clock: systemClock,
      logger: noopLogger,
      metrics: noopMetrics,
      queueDir: folder.file("queue"),
    };
    const first = await openLearner(options);
    await expect(openLearner(options)).rejects.toMatchObject({ code: "KINGLET_ERR_LEARNING_LOCKED" });
    await first[Symbol.asyncDispose]();
    const second = await openLearner(options);
    await second[Symbol.asyncDispose]();
  });
});
