import { createServer } from "node:net";

/**
 * A port of 127.0.0.1 that is free now, for a program that is told its port. Below those that the system gives to outgoing
 * connections: under load it would give it away before the program listens.
 *
 * @public
 */
export function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(freePort()));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)));
  });
}
