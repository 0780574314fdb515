/** Called once per event of a dedupable kind; budget: no allocation but the table itself, at the first of them. */
import type {
  ActivityEvent,
  CapabilityEvent,
  KernelCallEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  SyscallEvent,
} from "@kinglet/enrichment";

import { DedupSlots } from "./dedup-slots.ts";
import { DedupTextHashes, finish } from "./dedup-text-hashes.ts";

/** @public */
export interface DedupTableOptions {
  /** Slots as a power of two, 10 … 30; a slot takes 8 bytes. @defaultValue 18, 2 MiB */
  readonly slotsLog2?: number;
  /** 0 ≤ x < 1; seeds the hash, so that events that pass for others cannot be prepared. @defaultValue Math.random */
  readonly random?: () => number;
}

/** Time counts in steps of 64 ms. */
const bucketsPerMs = 0.015_625;
/** Lifetimes in buckets: 10 s and 5 s. */
const longLife = 156;
const shortLife = 78;
/** Processes whose hash is remembered: a power of two. None without container id. */
const rememberedProcesses = 4096;
/** Words a process: its id, and both of the hash. */
const processRow = 3;
/** Each kind has seeds of its own, or an event of one kind could be prepared that passes for one of another kind. */
const kinds = 7;

type DedupableEvent = OpenEvent | NetworkEvent | CapabilityEvent | LinkEvent | SyscallEvent | KernelCallEvent;

/**
 * Tells repetitions of an event: the same process of the same container did the same a moment ago.
 *
 * | Kind | Fields besides container and pid | Lifetime |
 * | --- | --- | --- |
 * | open | path, raw flags | 10 s |
 * | network | address, port, protocol, direction | 5 s |
 * | capabilities | capability, system call | 10 s |
 * | symlink, hardlink | old path, new path | 10 s |
 * | ptrace | traced binary, request | 10 s |
 * | syscall | name | 5 s |
 *
 * All other kinds are never repetitions.
 *
 * Guarantees: 2^`slotsLog2` slots of 8 bytes, made with the first event of a dedupable kind; a lifetime begins with the event that passed and is
 * not prolonged. A slot holds the last event that fell into it: pressure lets repetitions pass, it never swallows an event. Two different
 * events count as one with a probability of 2^-58 or less (48 bits and the slot are equal); the hash is seeded, not cryptographic. Each text is
 * hashed by itself and as a whole; what is remembered of texts and processes saves time and decides nothing.
 *
 * Time is {@link EventOrigin.receivedAtMs}; where it jumps, repetitions pass.
 *
 * Cost: measured in the README; no allocation for texts that came a moment ago, a copy of a text that comes for the second time.
 *
 * @see node-agent `pkg/dedupcache`, where the fields and lifetimes come from
 * @public
 */
export class DedupTable {
  readonly #slots: DedupSlots;
  readonly #random: () => number;
  /** Made with the first event of a dedupable kind. */
  #texts: DedupTextHashes | undefined;
  readonly #kindSeeds: number[] = [];
  #containers: string[] = [];
  #processes: Int32Array = new Int32Array(0);
  /** The key while it is made; both are 32-bit integers, which the engine keeps unboxed. */
  #a = 0;
  #b = 0;

  constructor({ slotsLog2 = 18, random = Math.random }: DedupTableOptions = {}) {
    this.#slots = new DedupSlots(Math.min(30, Math.max(10, Math.trunc(slotsLog2))));
    this.#random = random;
  }

  /** Bytes of the table; 0 before the first event of a dedupable kind. */
  get bytes(): number {
    return this.#slots.bytes;
  }

  /** @returns true for a repetition; false notes the event. */
  isDuplicate(event: ActivityEvent): boolean {
    // Every case reads the event by itself: code that reads one class only is three times as fast as what all of them share.
    switch (event.kind) {
      case "open":
        this.#begin(0, event.containerIdPrefix, event.pid, event);
        this.#addText(event.path);
        return this.#note(event.flagsRaw, event.receivedAtMs, longLife);
      case "network": {
        this.#begin(1, event.containerIdPrefix, event.pid, event);
        this.#addText(event.address);
        const { port, protocol } = event;
        let word = (event.direction === "egress" ? 2 : 0) + (event.isListening ? 1 : 0);
        if (protocol === "TCP") word += 4;
        else if (protocol === "UDP") word += 8;
        else this.#addText(protocol);
        // -1 … 65535 in 17 bits; whatever else a source may say is told apart, too.
        if (port >= -1 && port <= 0xffff) word += (port + 1) * 16;
        else this.#addText(String(port));
        return this.#note(word, event.receivedAtMs, shortLife);
      }
      case "capabilities":
        this.#begin(2, event.containerIdPrefix, event.pid, event);
        this.#addText(event.capability);
        this.#addText(event.syscall);
        return this.#note(0, event.receivedAtMs, longLife);
      case "symlink":
      case "hardlink":
        this.#begin(event.kind === "symlink" ? 3 : 4, event.containerIdPrefix, event.pid, event);
        this.#addText(event.oldPath);
        this.#addText(event.newPath);
        return this.#note(0, event.receivedAtMs, longLife);
      case "syscall":
        this.#begin(5, event.containerIdPrefix, event.pid, event);
        this.#addText(event.name);
        return this.#note(0, event.receivedAtMs, shortLife);
      case "ptrace":
        this.#begin(6, event.containerIdPrefix, event.pid, event);
        this.#addText(event.target);
        return this.#note(event.command, event.receivedAtMs, longLife);
      default:
        return false;
    }
  }

  /** @param kind - below `kinds`. */
  #begin(kind: number, containerId: string, pid: number, event: DedupableEvent): void {
    if (this.#texts === undefined) this.#prepare();
    const at = pid & (rememberedProcesses - 1);
    const processes = this.#processes;
    const row = processRow * at; // Below the size of the table.
    if (processes[row] === pid && this.#containers[at] === containerId) {
      this.#a = processes[row + 1]!;
      this.#b = processes[row + 2]!;
    } else {
      this.#beginProcess(at, containerId, pid, event);
    }
    // Below twice the number of kinds.
    this.#a ^= this.#kindSeeds[2 * kind]!;
    this.#b ^= this.#kindSeeds[2 * kind + 1]!;
  }

  #beginProcess(at: number, containerId: string, pid: number, event: DedupableEvent): void {
    this.#a = this.#kindSeeds[2 * kinds]!; // One more than there are kinds.
    this.#b = this.#kindSeeds[2 * kinds + 1]!;
    if (containerId === "") {
      // What the source knows of the container before its id is known: its pod.
      this.#addText(event.podUid);
      this.#addText(event.podNamespace);
      this.#addText(event.podName);
      this.#addText(event.containerName);
    } else {
      this.#addText(containerId);
    }
    const b = ((this.#b ^ pid) + Math.imul(this.#a, 0x9e3779b1)) | 0;
    this.#a = finish(this.#a ^ Math.imul(b, 0xc2b2ae35));
    this.#b = finish(b);
    const copy = containerId === "" ? undefined : this.#texts!.copyOf(containerId); // Since `#begin`.
    if (copy === undefined) return;
    this.#containers[at] = copy;
    const row = processRow * at;
    this.#processes[row] = pid;
    this.#processes[row + 1] = this.#a;
    this.#processes[row + 2] = this.#b;
  }

  /** What went before is turned, so that texts that change places change the key. */
  #addText(text: string): void {
    const texts = this.#texts!; // Since `#begin`.
    texts.find(text);
    this.#a = Math.imul((this.#a << 15) | (this.#a >>> 17), 0x85ebca6b) ^ texts.a;
    this.#b = Math.imul((this.#b << 11) | (this.#b >>> 21), 0x9e3779b1) ^ texts.b;
  }

  /** @param word - the numbers of the event; keys that differ in nothing else never count as one: the first word of a key is held as a whole. */
  #note(word: number, nowMs: number, life: number): boolean {
    const high = Math.imul(this.#b ^ word, 0xc2b2ae35);
    let low = this.#a ^ Math.imul(word, 0x27d4eb2f);
    // The slot depends on the upper bits, too.
    low ^= low >>> 15;
    // Wraps after nine years of buckets; differences stay right.
    return this.#slots.isHeld(high, low, (nowMs * bucketsPerMs) | 0, life);
  }

  #prepare(): void {
    const word = (): number => (this.#random() * 2 ** 32) | 0;
    this.#texts = new DedupTextHashes(word(), word());
    for (let seed = 0; seed <= 2 * kinds + 1; seed++) this.#kindSeeds.push(word());
    // Filled, because comparing what may be undefined takes twice the time.
    this.#containers = Array.from({ length: rememberedProcesses }, () => "");
    this.#processes = new Int32Array(processRow * rememberedProcesses);
    // At first every row is that of a process that is never looked for there.
    for (let at = 0; at < rememberedProcesses; at++) this.#processes[processRow * at] = at ^ 1;
  }
}
