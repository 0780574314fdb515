import { runServe } from "./run-serve.ts";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort());

process.exitCode = await runServe({
  args: process.argv.slice(2),
  signal: stop.signal,
  print: (line) => process.stdout.write(`${line}\n`),
  report: (line) => process.stderr.write(`${line}\n`),
});
