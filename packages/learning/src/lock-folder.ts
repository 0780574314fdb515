import { close, constants, link, open, rename, unlink } from "node:fs";
import { hostname } from "node:os";
import { connect, createServer, type Server } from "node:net";
import { promisify } from "node:util";
import { createError } from "@kinglet/errors";
import { learningErrors } from "./errors.ts";

const NAME = "lock";
/** How long a holder may take to say who it is: one that is busy holds the folder all the same. */
const ANSWER_MS = 1_000;
const MAX_ANSWER_CHARS = 400;
/** Others that take and leave the folder at the same moment are waited out so often. */
const MAX_ATTEMPTS = 8;

/** What is behind a lock: a process, the rest of one that was killed, or nothing any more. */
type Holder = { readonly isAlive: true; readonly who: string } | { readonly isAlive: false; readonly isThere: boolean };

/**
 * Takes a folder for this process alone.
 *
 * The lock is a socket in the folder that this process listens on. So it ends with the process, however that ends, nobody has to clear
 * anything away, and it holds between containers, whose process ids say nothing to each other. What a killed process left behind is found
 * by nobody answering there, and replaced.
 *
 * @returns gives the folder back.
 * @throws `KINGLET_ERR_LEARNING_LOCKED` while another process holds it, or when it cannot be told whether one does.
 *
 * @internal
 */
export async function lockFolder(path: string): Promise<AsyncDisposable> {
  // Through the descriptor: the path of a socket must not be longer than 107 bytes.
  const descriptor = await promisify(open)(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const folder = `/proc/self/fd/${String(descriptor)}`;
  const own = `${folder}/${NAME}-${uniqueName()}`;
  let server: Server | undefined;
  const leave = async (): Promise<void> => {
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    await promisify(close)(descriptor).catch(() => {});
  };
  try {
    server = await listen(own);
    await take(own, `${folder}/${NAME}`, path);
    await promisify(unlink)(own).catch(() => {});
  } catch (error) {
    await leave();
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await promisify(unlink)(`${folder}/${NAME}`).catch(() => {});
      await leave();
    },
  };
}

/** Gives the socket, which is listened on already, the name that counts; only one process can. */
async function take(own: string, lock: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    try {
      await promisify(link)(own, lock);
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const holder = await ask(lock);
    if (holder.isAlive) throw locked(path, holder.who);
    if (!holder.isThere) continue;
    const stale = `${own}-stale`;
    if (!(await succeeds(promisify(rename)(lock, stale)))) continue;
    const moved = await ask(stale);
    // Another process was faster and put its own in the place of what was stale: it gets its name back.
    if (moved.isAlive) await succeeds(promisify(link)(stale, lock));
    await succeeds(promisify(unlink)(stale));
    if (moved.isAlive) throw locked(path, moved.who);
  }
  throw locked(path, "processes that come and go");
}

function listen(path: string): Promise<Server> {
  const answer = `process ${String(process.pid)} on ${hostname()}`;
  const server = createServer((socket) => {
    // Whoever asks may be gone before it has the answer.
    socket.on("error", () => {});
    socket.end(answer);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      server.unref();
      resolve(server);
    });
  });
}

function ask(path: string): Promise<Holder> {
  return new Promise((resolve) => {
    let who = "";
    const socket = connect(path);
    const settle = (holder: Holder): void => {
      socket.destroy();
      resolve(holder);
    };
    const alive = (): void =>
      settle({ isAlive: true, who: who === "" ? "a process that does not answer" : printable(who) });
    socket.setEncoding("utf8");
    socket.setTimeout(ANSWER_MS, alive);
    socket.on("data", (text: string) => {
      who += text;
      if (who.length > MAX_ANSWER_CHARS) alive();
    });
    socket.on("end", alive);
    socket.on("error", (error) => {
      const code = codeOf(error);
      // Anything else, as a permission that is missing, does not say that nobody is there.
      if (code === "ECONNREFUSED" || code === "ENOENT") settle({ isAlive: false, isThere: code === "ECONNREFUSED" });
      else alive();
    });
  });
}

function locked(path: string, holder: string): Error {
  return createError(learningErrors, "KINGLET_ERR_LEARNING_LOCKED", { path, holder });
}

async function succeeds(step: Promise<void>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch {
    // Somebody else did it.
    return false;
  }
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
