import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { RealClusterError } from "./errors.ts";

/** Below the range from which Linux takes ports of outgoing connections, so that a port stays free over a restart. */
const FIRST = 15_000;
const LAST = 31_999;
const ATTEMPTS = 200;

/**
 * Picks distinct TCP ports that nobody listens on at 127.0.0.1.
 *
 * All are held open until the last one is found. Between the return and the use another process may still take one; the
 * caller's start then fails, and it tries again with others.
 *
 * @param count - how many, 1 to 16
 * @throws RealClusterError `…_START_FAILED` when 200 attempts found too few.
 * @internal
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    for (let attempt = 0; attempt < ATTEMPTS && ports.length < count; attempt++) {
      const port = randomInt(FIRST, LAST + 1);
      const server = await tryListen(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
  } finally {
    for (const server of held) {
      server.close();
      await once(server, "close");
    }
  }
  if (ports.length < count) {
    throw new RealClusterError(
      "KINGLET_ERR_REAL_CLUSTER_START_FAILED",
      `found only ${ports.length} of ${count} free ports between ${FIRST} and ${LAST}`,
    );
  }
  return ports;
}

async function tryListen(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return server;
  } catch {
    // In use, or not permitted: the next number is as good.
    return undefined;
  }
}
