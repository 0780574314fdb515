import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
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
    expect(readdirSync(folder.path)).toEqual(["lock"]);
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
