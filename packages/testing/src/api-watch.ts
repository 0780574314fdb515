import { request } from "node:https";
import type { ClusterFixture } from "./cluster-fixture.ts";
import { waitFor } from "./wait-for.ts";

/** One event of a watch. */
export interface ApiWatchEvent {
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of whatever they watch
  readonly object: any;
}

/** A watch that collects what comes. */
export interface ApiWatch {
  readonly status: number;
  readonly events: readonly ApiWatchEvent[];
  /** True once the server ended the stream or the connection broke. */
  readonly isEnded: boolean;
  /** Waits until so many events have come, and returns them. */
  waitForEvents(count: number): Promise<readonly ApiWatchEvent[]>;
  [Symbol.dispose](): void;
}

/** Opens a watch without any client under test; resolves when the head of the answer is there. */
export function openApiWatch(
  fixture: Pick<ClusterFixture, "server" | "caPem" | "adminToken">,
  path: string,
): Promise<ApiWatch> {
  const events: ApiWatchEvent[] = [];
  const state = { isEnded: false, rest: "" };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, fixture.server),
      { agent: false, ca: fixture.caPem, headers: { authorization: `Bearer ${fixture.adminToken}` } },
      (answer) => {
        const end = (): void => {
          state.isEnded = true;
        };
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => {
          const lines = (state.rest + text).split("\n");
          state.rest = lines.pop() ?? "";
          for (const line of lines) if (line !== "") events.push(JSON.parse(line) as ApiWatchEvent);
        });
        answer.on("end", end);
        answer.on("close", end);
        // A broken connection is an outcome that tests look at; `close` follows.
        answer.on("error", () => {});
        resolve({
          status: answer.statusCode ?? 0,
          events,
          get isEnded() {
            return state.isEnded;
          },
          waitForEvents: async (count) => {
            await waitFor(() => events.length >= count, {
              describe: () => `${count} events on ${path}; there are ${events.map((event) => event.type).join(", ")}`,
            });
            return events;
          },
          [Symbol.dispose]: () => outgoing.destroy(),
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
