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

/** @public */
export interface DedupTableOptions {
  /** Slots as a power of two, 10 … 30; a slot takes 8 bytes. @defaultValue 18, 2 MiB */
  readonly slotsLog2?: number;
  /** 0 ≤ x < 1; seeds the hash, so that events that pass for others cannot be prepared. @defaultValue Math.random */
  readonly random?: () => number;
}

/** Time counts in steps of 64 ms; an expiry is the low 16 bits of it. */
const bucketMs = 64;
/** Lifetimes in buckets: 10 s and 5 s. */
const longLife = 156;
const shortLife = 78;
/** After so many buckets (34 min) what has expired is cleared away, before 16 bits can no longer tell past from future. */
const sweepAfter = 32_000;
/** As far as 16 bits tell past from future, less the longest lifetime. */
const tellable = 32_600;
/** Containers whose hash is remembered: 2^9, for the nine bits of `#beginContainer`. */
const rememberedContainers = 512;

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
 * events count as one with a probability of 2^-58 or less (48 bits and the slot are equal); the hash is seeded, not cryptographic.
 *
 * Time is {@link EventOrigin.receivedAtMs}; where it jumps, repetitions pass.
 *
 * Cost: measured in the README; no allocation.
 *
 * @see node-agent `pkg/dedupcache`, where the fields and lifetimes come from
 * @public
 */
export class DedupTable {
  readonly #slotsLog2: number;
  readonly #mask: number;
  readonly #seedA: number;
  readonly #seedB: number;
  /** Two words a slot: 32 bits of the hash; 16 more of it and the expiry. */
  #words: Int32Array | undefined;
  #sweptAt = 0;
  readonly #containers: string[] = [];
  readonly #containerHashes = new Int32Array(2 * rememberedContainers);
  /** The hash while it is made; both are 32-bit integers, which the engine keeps unboxed. */
  #a = 0;
  #b = 0;

  constructor({ slotsLog2 = 18, random = Math.random }: DedupTableOptions = {}) {
    this.#slotsLog2 = Math.min(30, Math.max(10, Math.trunc(slotsLog2)));
    this.#mask = 2 ** this.#slotsLog2 - 1;
    this.#seedA = (random() * 2 ** 32) | 0;
    this.#seedB = (random() * 2 ** 32) | 0;
  }

  /** Bytes of the table; 0 before the first event of a dedupable kind. */
  get bytes(): number {
    return this.#words?.byteLength ?? 0;
  }

  /** @returns true for a repetition; false notes the event. */
  isDuplicate(event: ActivityEvent): boolean {
    switch (event.kind) {
      case "open":
        this.#begin(event, 1);
        this.#addText(event.path);
        this.#addWord(event.flagsRaw);
        return this.#note(event.receivedAtMs, longLife);
      case "network":
        this.#begin(event, 2);
        this.#addText(event.address);
        this.#addWord(event.port);
        this.#addText(event.protocol);
        this.#addWord((event.direction === "egress" ? 2 : 0) + (event.isListening ? 1 : 0));
        return this.#note(event.receivedAtMs, shortLife);
      case "capabilities":
        this.#begin(event, 3);
        this.#addText(event.capability);
        this.#addText(event.syscall);
        return this.#note(event.receivedAtMs, longLife);
      case "symlink":
      case "hardlink":
        this.#begin(event, event.kind === "symlink" ? 4 : 5);
        this.#addText(event.oldPath);
        this.#addText(event.newPath);
        return this.#note(event.receivedAtMs, longLife);
      case "syscall":
        this.#begin(event, 6);
        this.#addText(event.name);
        return this.#note(event.receivedAtMs, shortLife);
      case "ptrace":
        this.#begin(event, 7);
        this.#addText(event.target);
        this.#addWord(event.command);
        return this.#note(event.receivedAtMs, longLife);
      default:
        return false;
    }
  }

  #begin(event: DedupableEvent, kind: number): void {
    // What the source knows of the container: its id or, before the id is known, its pod.
    const { containerIdPrefix } = event;
    if (containerIdPrefix === "") {
      this.#a = this.#seedA;
      this.#b = this.#seedB;
      this.#addText(event.podUid);
      this.#addText(event.podNamespace);
      this.#addText(event.podName);
      this.#addText(event.containerName);
    } else {
      this.#beginContainer(containerIdPrefix);
    }
    this.#addWord(kind);
    this.#addWord(event.pid);
  }

  /** Hashing 31 digits costs more than comparing them. */
  #beginContainer(id: string): void {
    const digits = id.charCodeAt(0) | (id.charCodeAt(1) << 8) | (id.charCodeAt(2) << 16) | (id.charCodeAt(3) << 24);
    const at = Math.imul(digits, 0x9e3779b1) >>> 23;
    const hashes = this.#containerHashes;
    if (this.#containers[at] === id) {
      // Both indexes are below 1024.
      this.#a = hashes[2 * at]!;
      this.#b = hashes[2 * at + 1]!;
      return;
    }
    this.#a = this.#seedA;
    this.#b = this.#seedB;
    this.#addText(id);
    this.#containers[at] = id;
    hashes[2 * at] = this.#a;
    hashes[2 * at + 1] = this.#b;
  }

  /** Length first, so that a character that moves from one text to the next changes the hash; then two characters at a time. */
  #addText(text: string): void {
    const { length } = text;
    let a = Math.imul(this.#a ^ length, 0x9e3779b1);
    let b = Math.imul(this.#b + length, 0x85ebca6b);
    let at = 1;
    for (; at < length; at += 2) {
      const word = text.charCodeAt(at - 1) | (text.charCodeAt(at) << 16);
      a = Math.imul(a ^ word, 0x9e3779b1);
      a = (a << 13) | (a >>> 19);
      // With the other half in it, no change of two characters cancels out in both.
      b = Math.imul((b ^ a) + word, 0x85ebca6b);
      b = (b << 17) | (b >>> 15);
    }
    if (at === length) {
      const word = text.charCodeAt(at - 1);
      a = Math.imul(a ^ word, 0xc2b2ae35);
      b = Math.imul(b + word, 0x27d4eb2f);
    }
    this.#a = a ^ (a >>> 15);
    this.#b = b ^ (b >>> 13);
  }

  #addWord(word: number): void {
    const a = Math.imul(this.#a ^ word, 0xc2b2ae35);
    const b = Math.imul(this.#b + word, 0x27d4eb2f);
    this.#a = (a << 13) | (a >>> 19);
    this.#b = (b << 17) | (b >>> 15);
  }

  #note(nowMs: number, life: number): boolean {
    // Every bit of either word reaches every bit of both.
    let high = finish(this.#a ^ Math.imul(this.#b, 0x9e3779b1));
    const low = finish(this.#b ^ high);
    high = finish(high + low);
    // Wraps after nine years of buckets; differences stay right.
    const now = (nowMs / bucketMs) | 0;
    const words = this.#sweep(now);
    const at = 2 * (low & this.#mask);
    const tag = low & 0xffff0000;
    // An empty slot is all zeros.
    if ((high | tag) === 0) high = 1;
    // Both are below twice the number of slots.
    const held = words[at + 1]!;
    if (words[at] === high && (held & 0xffff0000) === tag) {
      const left = ((held - now) << 16) >> 16;
      if (left > 0 && left <= life) return true;
    }
    words[at] = high;
    words[at + 1] = tag | ((now + life) & 0xffff);
    return false;
  }

  #sweep(now: number): Int32Array {
    const age = (now - this.#sweptAt) | 0;
    const words = this.#words;
    if (words !== undefined && age >= 0 && age < sweepAfter) return words;
    this.#sweptAt = now;
    if (words === undefined) return (this.#words = new Int32Array(2 * (this.#mask + 1)));
    // The clock went back, or nothing came for so long that everything has expired.
    if (age < 0 || age > tellable) return words.fill(0);
    for (let at = 0; at < words.length; at += 2) {
      if ((((words[at + 1] ?? 0) - now) << 16) >> 16 > 0) continue;
      words[at] = 0;
      words[at + 1] = 0;
    }
    return words;
  }
}

function finish(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
