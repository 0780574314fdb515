import { readFile } from "node:fs/promises";

/** Memory of a process that nothing but itself can give back: pages of the executable do not count. */
export async function anonymousBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => "");
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

/** Looks at the anonymous memory of a process all the time. */
export class AnonymousMemory implements Disposable {
  peakBytes = 0;
  #isOver = false;
  readonly #pid: number;

  constructor(pid: number) {
    this.#pid = pid;
    void this.#watch();
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      this.peakBytes = Math.max(this.peakBytes, await anonymousBytes(this.#pid));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }
}
