import type { DemoOutput } from "./demo-output.ts";

/** One JSON object per line, each with a `type`. @internal */
export function createJsonOutput(write: (text: string) => void, writeError: (text: string) => void): DemoOutput {
  const line = (type: string, members: object): void => write(`${JSON.stringify({ type, ...members })}\n`);
  return {
    plan: (server, origin, objects) => line("plan", { server, origin, objects }),
    start: (what, how, details) => line("start", { what, how, ...details }),
    pods: (rows) => {
      for (const row of rows) line("pod", row);
    },
    profiles: (rows) => {
      for (const row of rows) line("profile", row);
    },
    play: (events, seconds, expectedAlerts) => line("play", { events, seconds, expectedAlerts }),
    alert: (alert) => line("alert", { alert }),
    note: (text) => line("note", { text }),
    result: (result) => line("result", result),
    lookAround: (lines) => line("look-around", { lines }),
    problem: (text) => writeError(`${JSON.stringify({ type: "problem", text })}\n`),
  };
}
