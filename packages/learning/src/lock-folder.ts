import { close, constants, open, readdir, rename, unlink } from "node:fs";
import { hostname } from "node:os";
import { connect, createServer, type Server, type Socket } from "node:net";
import { promisify } from "node:util";
import { createError } from "@kinglet/errors";
import { learningErrors } from "./errors.ts";

/** Of every socket of this kind, and of the one that an earlier version left. */
const LOCK = /^lock(?:-|$)/;
/** A socket before it is listened on: nobody may take it for one that was left behind. */
const UNBORN = "born-";
/** How long a holder may take to say who it is: one that is busy holds the folder all the same. */
const ANSWER_MS = 1_000;
const MAX_ANSWER_CHARS = 400;
/** How often one that hangs up without a word is asked again. */
const MAX_REPEATS = 2;
const SILENT = "a process that does not answer";
/** What one says that does not hold the folder yet; what it has come to follows. */
const ASKING = "asking\n";

/** What is behind a socket. `dead`: no process; `gone`: nothing that holds the folder or still asks for it; `wordless`: hung up. */
type Other = "dead" | "gone" | "wordless" | { readonly isAsking: boolean; readonly who: string };

/** Where a test can hold a process up; `named`: others can see it; `looked`: it has seen all others and does not know yet. @internal */
export type LockMoment = "named" | "looked";

/**
 * Takes a folder for this process alone.
 *
 * The lock is a socket in the folder that this process listens on. So it ends with the process, however that ends, nobody has to clear
 * anything away, and it holds between containers, whose process ids say nothing to each other.
 *
 * Each process has a socket under a name of its own, which it shows before it looks at those of the others: of two processes the later one
 * sees the earlier one in any case. One that holds the folder says so. Of those that ask at the same moment the one with the smaller name
 * waits for what the other one has come to, which may not have seen it, and the other one gives way; so one of them always gets it. A socket
 * without a process is removed, which can take nothing from anybody, since no second one has its name.
 *
 * @param at - for tests: awaited at each moment.
 * @returns gives the folder back.
 * @throws `KINGLET_ERR_LEARNING_LOCKED` while another process holds it, or when it cannot be told whether one does.
 *
 * @internal
 */
export async function lockFolder(
  path: string,
  at: (moment: LockMoment, name: string) => Promise<void> = async () => {},
): Promise<AsyncDisposable> {
  // Through the descriptor: the path of a socket must not be longer than 107 bytes.
  const descriptor = await promisify(open)(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const folder = `/proc/self/fd/${String(descriptor)}`;
  const name = `lock-${uniqueName()}`;
  const own = new OwnSocket(`${folder}/${name}`);
  const leave = async (): Promise<void> => {
    await own.close();
    await promisify(close)(descriptor).catch(() => {});
  };
  try {
    if (!(await own.listen(`${folder}/${UNBORN}${name}`))) throw locked(path, "a process that has just cleared up");
    await at("named", name);
    const holder = await holderAmong(folder, name);
    await at("looked", name);
    if (holder !== undefined) throw locked(path, holder);
    own.hold();
    await removeUnborn(folder);
  } catch (error) {
    await leave();
    throw error;
  }
  return { [Symbol.asyncDispose]: leave };
}

/** @returns who has the folder, or is about to; undefined: nobody. */
async function holderAmong(folder: string, own: string): Promise<string | undefined> {
  for (const name of await promisify(readdir)(folder)) {
    if (!LOCK.test(name) || name === own) continue;
    let other = await ask(`${folder}/${name}`, { isWaitedFor: name > own });
    // One that gives way just now; asked again its socket is gone, or it was too busy.
    for (let attempt = 0; other === "wordless" && attempt < MAX_REPEATS; attempt += 1) {
      other = await ask(`${folder}/${name}`, { isWaitedFor: name > own });
    }
    if (other === "wordless") return SILENT;
    if (other === "dead") await promisify(unlink)(`${folder}/${name}`).catch(() => {});
    else if (other !== "gone") return other.isAsking ? "a process that begins at the same moment" : other.who;
  }
  return undefined;
}

/** Clears away the sockets of those that were killed before they had a name; whoever is about to have one finds the folder held. */
async function removeUnborn(folder: string): Promise<void> {
  for (const name of await promisify(readdir)(folder)) {
    if (!name.startsWith(UNBORN)) continue;
    const other = await ask(`${folder}/${name}`, { isWaitedFor: false });
    if (other === "dead") await promisify(unlink)(`${folder}/${name}`).catch(() => {});
  }
}

/** The socket of this process: says that it asks, and then what that came to. */
class OwnSocket {
  readonly #path: string;
  readonly #connections: Set<Socket> = new Set();
  readonly #server: Server;
  #isHeld = false;

  constructor(path: string) {
    this.#path = path;
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
      // Whoever asks may be gone before it has the answer.
      socket.on("error", () => {});
      if (this.#isHeld) socket.end(nameOfProcess());
      else socket.write(ASKING);
    });
  }

  /**
   * Nobody sees it before it is listened on: until then it looks like what a killed process left behind.
   *
   * @returns false when somebody who has the folder took it for that and cleared it away.
   */
  async listen(unborn: string): Promise<boolean> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(unborn, () => {
        this.#server.off("error", reject);
        this.#server.unref();
        resolve();
      });
    });
    try {
      await promisify(rename)(unborn, this.#path);
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#connections) socket.end(nameOfProcess());
  }

  async close(): Promise<void> {
    await promisify(unlink)(this.#path).catch(() => {});
    if (!this.#server.listening) return;
    for (const socket of this.#connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function nameOfProcess(): string {
  return `process ${String(process.pid)} on ${hostname()}`;
}

/** @param options - `isWaitedFor`: one that asks itself is waited for until it knows. */
function ask(path: string, { isWaitedFor }: { readonly isWaitedFor: boolean }): Promise<Other> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(path);
    const settle = (other: Other): void => {
      socket.destroy();
      resolve(other);
    };
    const alive = (): void => {
      const who = text.startsWith(ASKING) ? text.slice(ASKING.length) : text;
      settle({ isAsking: false, who: who === "" ? SILENT : printable(who) });
    };
    socket.setEncoding("utf8");
    socket.setTimeout(ANSWER_MS, alive);
    socket.on("data", (piece: string) => {
      text += piece;
      if (text === ASKING && !isWaitedFor) settle({ isAsking: true, who: "" });
      else if (text.length > MAX_ANSWER_CHARS) alive();
    });
    const isOver = (): void => {
      // One that asked and goes without another word has not got it.
      if (text === ASKING) settle("gone");
      else if (text === "") settle("wordless");
      else alive();
    };
    socket.on("end", isOver);
    socket.on("error", (error) => {
      const code = codeOf(error);
      if (code === "ECONNREFUSED") settle("dead");
      else if (code === "ENOENT") settle("gone");
      // Anything else, as a permission that is missing, does not say that nobody is there.
      else if (code === "ECONNRESET" || code === "EPIPE") isOver();
      else alive();
    });
  });
}

function locked(path: string, holder: string): Error {
  return createError(learningErrors, "KINGLET_ERR_LEARNING_LOCKED", { path, holder });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? "";
}

/** What another process says is not trusted in a log line. */
function printable(text: string): string {
  return text.slice(0, MAX_ANSWER_CHARS).replaceAll(/[^\u0020-\u007e]/g, "?");
}

/** No other process has it, in whatever container it runs. */
function uniqueName(): string {
  return `${String(process.pid)}-${Math.random().toString(36).slice(2)}`;
}
