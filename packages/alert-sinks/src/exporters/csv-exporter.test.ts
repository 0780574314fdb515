import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { createCsvExporter } from "./csv-exporter.ts";

const alerts = Array.from({ length: 50 }, (_, index) => createAlert(index));

describe("createCsvExporter", () => {
  it("leaves no half record where the file could not grow", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-csv-`);
    const path = `${folder}/alerts.csv`;
    const program = new URL("../../test/fill-csv.ts", import.meta.url).pathname;
    // A limit of 8 blocks stands for a full disk; without the trap the signal would end the process.
    const command = `trap '' XFSZ; ulimit -f 8; "$0" --conditions=@kinglet/source "$1" "$2"`;
    const { stdout, stderr } = spawnSync("sh", ["-c", command, process.execPath, program, path], { encoding: "utf8" });
    const text = await readFile(path, "utf8");
    await rm(folder, { recursive: true });
    expect({ stdout, stderr }).toEqual({ stdout: "KINGLET_ERR_ALERT_SINKS_FILE\n", stderr: "" });
    expect(text.endsWith("\r\n")).toBe(true);
    expect(text.split("\r\n")).toHaveLength(3);
  });

  it("takes a pipe, also one that took the place of its file, for a receiver that is away", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-csv-`);
    const path = `${folder}/alerts.csv`;
    execFileSync("mkfifo", [path]);
    await using exporter = createCsvExporter({ path, maxBytes: 1024 });
    const { signal } = new AbortController();
    await expect(exporter.send(alerts, { signal })).rejects.toMatchObject({
      code: "KINGLET_ERR_ALERT_SINKS_FILE",
      retryable: true,
      message: expect.stringContaining("is no file") as string,
    });
    await rm(path);
    await exporter.send(alerts, { signal });
    await rename(path, `${folder}/other.csv`);
    execFileSync("mkfifo", [path]);
    // Full: the next batch begins a file, and sets aside what stands there.
    await exporter.send(alerts, { signal });
    expect((await readFile(path, "utf8")).split("\r\n").length).toBe(52);
    await rm(folder, { recursive: true });
  });

  it("ends an attempt with its signal while the system does not come back from it, and does not begin another", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-csv-`);
    // A terminal whose screen has stopped takes some kilobytes and then holds up who writes, as a volume does that hangs.
    const screen = spawn("script", ["-qfc", `tty > ${folder}/name; exec sleep 60`, "/dev/null"], { stdio: "ignore" });
    const nameOf = (): Promise<string> => readFile(`${folder}/name`, "utf8").catch(() => "");
    await expect.poll(nameOf).toMatch(/\n$/);
    const path = (await nameOf()).trim();
    screen.kill("SIGSTOP");
    const exporter = createCsvExporter({ path });
    const stop = new AbortController();
    let sent = 0;
    const sending = (async () => {
      for (; ; sent++) await exporter.send(alerts, { signal: stop.signal });
    })();
    const blocked = (): number => process.getActiveResourcesInfo().filter((name) => name === "FSReqPromise").length;
    let before = -1;
    const hangs = (): boolean => before === (before = sent);
    await expect.poll(hangs, { interval: 200 }).toBe(true);
    stop.abort(new Error("too late"));
    await expect(sending).rejects.toThrow("too late");
    const next = new AbortController();
    const waiting = exporter.send(alerts, { signal: next.signal });
    next.abort(new Error("too late again"));
    await expect(waiting).rejects.toThrow("too late again");
    await exporter[Symbol.asyncDispose]();
    expect(blocked()).toBe(1);
    screen.kill("SIGKILL");
    await expect.poll(blocked).toBe(0);
    await rm(folder, { recursive: true });
  });
});
