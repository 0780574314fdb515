import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { ManualClock } from "@kinglet/lifecycle";
import type { SourceHealth } from "@kinglet/runtime-events";
import { openTempDir, type TempDir } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { catchUp } from "./catch-up.ts";

describe("catchUp", () => {
  let folder: TempDir;
  let path: string;
  let clock: ManualClock;
  let health: Pick<
    SourceHealth,
    "name" | "openEvents" | "waitingEvents" | "position" | "connected" | "blindIntervals"
  > & {
    sources?: readonly object[];
  };
  beforeEach(async () => {
    folder = await openTempDir();
    path = folder.file("events.log");
    clock = new ManualClock();
    health = { name: "tetragon-file", openEvents: 0, position: undefined, connected: true, blindIntervals: [] };
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const begin = (files: Readonly<Record<string, string>> = { "tetragon-file": path }): (() => boolean) =>
    catchUp({ source: { health: () => health as unknown as SourceHealth }, files, clock });
  const write = (bytes: number): string => {
    writeFileSync(path, "x".repeat(bytes));
    return String(statSync(path, { bigint: true }).ino);
  };
  const at = (inode: string, readOffset: number, opened = path): void => {
    health = { ...health, position: { path: opened, inode, readOffset } };
  };
  const rotate = (): string => {
    const to = folder.file("events-old.log");
    renameSync(path, to);
    return to;
  };

  it("waits for the lines that had been written, however many come behind them", () => {
    const inode = write(100);
    at(inode, 40);
    const isTold = begin();
    expect(isTold()).toBe(false);
    write(1_000);
    at(inode, 99);
    expect(isTold()).toBe(false);
    at(inode, 100);
    expect(isTold()).toBe(true);
  });

  it("waits for a compressed file until reading stands still: what was read of it is longer than it is", async () => {
    path = folder.file("events.log.gz");
    const inode = write(100);
    at(inode, 1_000);
    const isTold = begin();
    await clock.advance(999);
    expect(isTold()).toBe(false);
    at(inode, 2_000);
    await clock.advance(1);
    expect(isTold()).toBe(false);
    health = { ...health, openEvents: 1 };
    await clock.advance(1_000);
    expect(isTold()).toBe(false);
    health = { ...health, openEvents: 0 };
    await clock.advance(999);
    expect(isTold()).toBe(false);
    await clock.advance(1);
    expect(isTold()).toBe(true);
  });

  it("waits for a source that has not opened its file yet, as after a restart", () => {
    const inode = write(100);
    const isTold = begin();
    expect(isTold()).toBe(false);
    at(inode, 0);
    expect(isTold()).toBe(false);
    at(inode, 100);
    expect(isTold()).toBe(true);
  });

  it("goes through rotations: what was rotated away, before or after it was opened, comes before what is under the path", () => {
    const inode = write(100);
    at("1", 50, folder.file("events-1.log"));
    const isTold = begin();
    at("1", 100_000, folder.file("events-1.log"));
    expect(isTold()).toBe(false);
    at("2", 100_000, folder.file("events-2.log.gz"));
    expect(isTold()).toBe(false);
    at(inode, 99, folder.file("events-3.log"));
    expect(isTold()).toBe(false);
    at(inode, 100, folder.file("events-3.log"));
    expect(isTold()).toBe(true);
  });

  it("takes a file that was opened under the path before it was renamed for the older one", () => {
    write(100);
    at("1", 50);
    const isTold = begin();
    at("1", 100_000);
    expect(isTold()).toBe(false);
    // Opened later, and not the one that was there: it was passed meanwhile.
    at("2", 0);
    expect(isTold()).toBe(true);
    // Once told it is told.
    at("1", 0);
    expect(isTold()).toBe(true);
  });

  it("waits for the next file where there is none for the moment", () => {
    const old = write(100);
    at(old, 50);
    rotate();
    const isTold = begin();
    at(old, 100);
    expect(isTold()).toBe(false);
    const inode = write(30);
    expect(isTold()).toBe(false);
    at(inode, 30);
    expect(isTold()).toBe(true);
    rmSync(path);
    expect(isTold()).toBe(true);
  });

  it("does not wait for a file that stays away: its source has read what came before and sees nothing", () => {
    const old = write(100);
    at(old, 100);
    rotate();
    const isTold = begin();
    health = { ...health, connected: false };
    expect(isTold(), "it was renamed a moment ago").toBe(false);
    const lasting = { fromMs: 0, untilMs: undefined, reason: "not there" };
    health = { ...health, connected: true, blindIntervals: [lasting] };
    expect(isTold(), "it is being read").toBe(false);
    health = { ...health, connected: false, blindIntervals: [{ ...lasting, untilMs: 5 }] };
    expect(isTold(), "a time that is over").toBe(false);
    health = { ...health, blindIntervals: [lasting] };
    expect(isTold()).toBe(true);
  });

  it("waits for a file that is there and cannot be read", () => {
    write(100);
    const isTold = begin();
    health = { ...health, connected: false, blindIntervals: [{ fromMs: 0, untilMs: undefined, reason: "forbidden" }] };
    expect(isTold()).toBe(false);
  });

  it("waits for events that were read and are not done with, but not for what a receiver does not take", async () => {
    const inode = write(100);
    at(inode, 100);
    health = { ...health, openEvents: 3 };
    const isTold = begin();
    const isGivenUp = begin();
    expect(isTold()).toBe(false);
    health = { ...health, openEvents: 0 };
    expect(isTold()).toBe(true);
    health = { ...health, openEvents: 1 };
    await clock.advance(34_999);
    expect(isGivenUp()).toBe(false);
    await clock.advance(1);
    expect(isGivenUp()).toBe(true);
  });

  it("has no file to wait for of a stream, also where its file is named", () => {
    write(100);
    health = { ...health, name: "tetragon-grpc" };
    expect(begin()()).toBe(true);
  });

  it("waits for what a stream has received and not delivered", async () => {
    health = { ...health, name: "tetragon-grpc", waitingEvents: 1 };
    const isTold = begin({});
    expect(isTold()).toBe(false);
    health = { ...health, openEvents: 1, waitingEvents: 0 };
    expect(isTold()).toBe(false);
    health = { ...health, openEvents: 0 };
    expect(isTold()).toBe(true);
  });

  it("gives records of a socket time to become events, too", async () => {
    health = { ...health, name: "linux-audit", waitingEvents: 0 };
    const isTold = begin({});
    expect(isTold()).toBe(false);
    await clock.advance(1_000);
    expect(isTold()).toBe(true);
  });

  it("asks every one of several sources, and gives records of the kernel's audit time to become events", async () => {
    const inode = write(100);
    const audit = (readOffset: number): object => ({ name: "linux-audit", position: { path, inode, readOffset } });
    const stream = { name: "tetragon-grpc", position: undefined };
    Object.assign(health, { sources: [stream, audit(99)] });
    const isTold = begin({ "linux-audit": path, "tetragon-file": folder.file("nothing") });
    expect(isTold()).toBe(false);
    Object.assign(health, { sources: [stream, audit(100)] });
    expect(isTold()).toBe(false);
    await clock.advance(1_000);
    expect(isTold()).toBe(true);
  });
});
