// Runs on Node >= 20 with nothing installed: makes the workspace ready and runs one of its scripts with the pinned Node.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Runs pnpm at the version that package.json names; ends this process when it fails. */
export function pnpm(...args) {
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  const result = spawnSync(npx, ["--yes", packageManager, ...args], { cwd: root, stdio: "inherit" });
  if (result.error) throw result.error;
  if (result.signal) process.kill(process.pid, result.signal);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Installs from the lock file. */
export function install() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) {
    console.error(`Kinglet needs Node >= 20 to set itself up; this is Node ${process.versions.node}.`);
    process.exit(2);
  }
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    console.error(
      `note: on ${process.platform}/${process.arch} the program runs as a bundle on the Node of the PATH (>= 24); ` +
        "the single executable and the memory budgets are for Linux.",
    );
    if (major < 24) {
      console.error(`Node >= 24 is needed here; this is Node ${process.versions.node}.`);
      process.exit(2);
    }
  }
  pnpm("install", "--frozen-lockfile", "--config.confirmModulesPurge=false");
}
