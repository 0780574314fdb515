import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { BoundedLearner } from "./bounded-learner.ts";

/** Keeps what it is told to keep, and remembers who waits. */
class Disk {
  readonly waiting: {
    readonly position: number;
    readonly sequence: number;
    readonly done: (sequence: number) => void;
  }[] = [];
  readonly done: number[] = [];
  readonly learner: BoundedLearner;
  shared = 0;
  #kept = 0;
  readonly #acknowledge = (sequence: number): void => void this.done.push(sequence);

  constructor(maxWaiting: number) {
    const learner = {
      record: (): number => 0,
      whenPersisted: (position: number, sequence: number, done: (sequence: number) => void): void => {
        if (position <= this.#kept) done(sequence);
        else this.waiting.push({ position, sequence, done });
      },
    };
    const counter = () => ({ add: (): void => void (this.shared += 1) });
    this.learner = new BoundedLearner(learner, { maxWaiting, metrics: { ...noopMetrics, counter } });
  }

  wait(position: number, sequence: number): void {
    this.learner.whenPersisted(position, sequence, this.#acknowledge);
  }

  keep(position: number): void {
    this.#kept = position;
    const ready = this.waiting.filter((one) => one.position <= position);
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter((one) => one.position > position));
    for (const { sequence, done } of ready) done(sequence);
  }
}

describe("BoundedLearner", () => {
  it("waits for no more events than it may, and keeps the place of the first beyond them", () => {
    const disk = new Disk(2);
    for (let at = 1; at <= 1000; at++) disk.wait(at, at);
    expect(disk.waiting.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect([disk.done.length, disk.done.includes(3), disk.shared]).toEqual([997, false, 997]);
  });

  it("gives the place up only when everything that it stands for is kept", () => {
    const disk = new Disk(1);
    for (let at = 1; at <= 5; at++) disk.wait(at, at);
    expect(disk.done).toEqual([3, 4, 5]);
    disk.keep(3);
    expect(disk.done).toEqual([3, 4, 5, 1]);
    disk.keep(5);
    expect(disk.done).toEqual([3, 4, 5, 1, 2]);
    disk.wait(6, 6);
    disk.keep(6);
    expect(disk.done.at(-1)).toBe(6);
    expect(disk.waiting).toEqual([]);
  });

  it("keeps the place of the earliest of those that it stands for", () => {
    const disk = new Disk(0);
    disk.wait(1, 20);
    disk.wait(2, 10);
    disk.wait(2, 30);
    expect(disk.done).toEqual([20, 30]);
    disk.keep(2);
    expect(disk.done).toEqual([20, 30, 10]);
  });
});
