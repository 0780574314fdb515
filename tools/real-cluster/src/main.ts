import { runCommand } from "./run-command.ts";

const stop = new AbortController();
let signals = 0;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    signals += 1;
    stop.abort(new Error(`received ${name}`));
    // The watchdog kills the servers when an impatient person ends this process before it is done.
    if (signals > 1) process.exit(1);
  });
}
process.exitCode = await runCommand({
  args: process.argv.slice(2),
  env: process.env,
  signal: stop.signal,
  print: (line) => process.stdout.write(`${line}\n`),
  report: (line) => process.stderr.write(`${line}\n`),
});
