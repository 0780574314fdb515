// Hot path: `decode` runs once per message of the stream. Budget: one object per message on the wire that is read, one string per
// text field; nothing for fields that are passed over.
import { Buffer } from "node:buffer";
import type { FieldPlan, MessagePlan } from "./message-plan.ts";
import { StringCache } from "./string-cache.ts";
import { TimestampFormat } from "./timestamp-format.ts";

/** Nested messages and elements of lists of one message; real events have some tens. */
const maxParts = 20_000;
/** Nesting of groups that are passed over; proto3 has none. */
const maxGroupDepth = 8;

type Target = Record<string, unknown>;

/**
 * Decodes a protobuf message into what `JSON.parse` gives for the same message as protojson with proto field names: zero scalars absent,
 * wrappers as scalars, enums by name, 64-bit numbers as decimal text, bytes as base64, timestamps as RFC 3339.
 *
 * Takes any bytes: unknown fields, unknown enum numbers (kept as numbers) and fields of another wire type than the table says are passed
 * over as protobuf wants; what is cut, endless, nested or larger than any real event is undefined. Never reads outside
 * `[start, end)`, never throws, memory is bounded by a multiple of the message's size. One instance per stream: it holds no state between calls.
 *
 * @internal
 */
export class MessageDecoder {
  /** Number of the last member of the event union that the table does not know; 0 when there was none. */
  unknownField = 0;
  readonly #strings: StringCache = new StringCache();
  readonly #times: TimestampFormat = new TimestampFormat();
  readonly #none: Buffer = Buffer.alloc(0);
  #bytes: Buffer = this.#none;
  #at = 0;
  #parts = 0;
  #isBroken = false;
  #isTop = false;

  /** @returns undefined for bytes that are not the message. */
  decode(plan: MessagePlan, bytes: Buffer, start: number, end: number): Target | undefined {
    this.#bytes = bytes;
    this.#at = start;
    this.#parts = 0;
    this.#isBroken = false;
    this.#isTop = true;
    this.unknownField = 0;
    const object: Target = {};
    this.#message(plan, end, object);
    // An instance lives as long as its stream and must not hold a chunk of it meanwhile.
    this.#bytes = this.#none;
    return this.#isBroken ? undefined : object;
  }

  #message(plan: MessagePlan, end: number, object: Target): void {
    const isTop = this.#isTop;
    this.#isTop = false;
    let member = "";
    while (this.#at < end) {
      const tag = this.#varint32(end);
      const number = tag >>> 3;
      const wireType = tag & 7;
      if (number === 0) this.#isBroken = true;
      if (this.#isBroken) return;
      const field = number < 64 ? plan.low[number] : plan.high?.get(number);
      if (field === undefined || (field.wireType !== wireType && !(field.isRepeated && wireType === 2))) {
        if (isTop && wireType === 2 && !isEnvelopeField(number)) this.unknownField = number;
        this.#skip(wireType, number, end, 0);
        continue;
      }
      if (field.isInOneof) {
        // The last member that is set is the one that counts.
        if (member !== "" && member !== field.name) delete object[member];
        member = field.name;
      }
      if (field.wireType === 2) this.#delimited(field, end, object);
      else if (wireType === 2) this.#packed(field, end, object);
      else this.#add(field, this.#scalar(field, end), object);
    }
  }

  #delimited(field: FieldPlan, end: number, object: Target): void {
    const length = this.#varint32(end);
    const stop = this.#at + length;
    if (stop > end) this.#isBroken = true;
    if (this.#isBroken) return;
    switch (field.kind) {
      case "string":
        this.#add(field, this.#text(field, stop), object);
        break;
      case "bytes":
        this.#add(field, this.#bytes.toString("base64", this.#at, stop), object);
        break;
      case "message":
        this.#nested(field, stop, object);
        break;
      case "timestamp":
        object[field.name] = this.#timestamp(stop);
        break;
      default:
        object[field.name] = this.#wrapper(field, stop);
    }
    // A message whose last field runs beyond its end was found broken on the way.
    this.#at = stop;
  }

  /** What was on a command line is not kept longer than its event: it may hold secrets. */
  #text(field: FieldPlan, stop: number): string {
    if (field.isSecret) return this.#bytes.toString("utf8", this.#at, stop);
    return this.#strings.read(this.#bytes, this.#at, stop);
  }

  #nested(field: FieldPlan, stop: number, object: Target): void {
    if (++this.#parts > maxParts || field.message === undefined) {
      this.#isBroken = true;
      return;
    }
    const former = field.isRepeated ? undefined : object[field.name];
    // A singular message that comes twice is merged, as protobuf says.
    const nested: Target = former === undefined ? {} : (former as Target);
    this.#message(field.message, stop, nested);
    if (former === undefined) this.#put(field, nested, object);
  }

  #packed(field: FieldPlan, end: number, object: Target): void {
    const length = this.#varint32(end);
    const stop = this.#at + length;
    if (stop > end) this.#isBroken = true;
    while (!this.#isBroken && this.#at < stop) this.#add(field, this.#scalar(field, stop), object);
  }

  /** Zero values of plain fields are absent; members of a oneof and of lists are there whatever their value. */
  #add(field: FieldPlan, value: string | number | boolean, object: Target): void {
    if (field.isRepeated || field.isInOneof) this.#put(field, value, object);
    else if (value !== "" && value !== 0 && value !== false && value !== "0" && !isZeroEnum(field, value))
      object[field.name] = value;
    else if (object[field.name] !== undefined) delete object[field.name];
  }

  #put(field: FieldPlan, value: unknown, object: Target): void {
    if (!field.isRepeated) {
      object[field.name] = value;
      return;
    }
    if (++this.#parts > maxParts) {
      this.#isBroken = true;
      return;
    }
    const list = object[field.name] as unknown[] | undefined;
    if (list === undefined) object[field.name] = [value];
    else list.push(value);
  }

  #scalar(field: FieldPlan, end: number): string | number | boolean {
    const start = this.#at;
    switch (field.kind) {
      case "int64":
        return this.#varint64(end, true);
      case "uint64":
        return this.#varint64(end, false);
      case "bool":
        return this.#varint64(end, false) !== "0";
      case "uint32":
        return this.#varint32(end) >>> 0;
      default: {
        const value = this.#varint32(end) | 0;
        if (this.#at === start) return 0;
        return field.values?.get(value) ?? value;
      }
    }
  }

  #wrapper(field: FieldPlan, stop: number): number | boolean {
    let value = 0;
    while (this.#at < stop && !this.#isBroken) {
      const tag = this.#varint32(stop);
      if (tag === 8) value = this.#varint32(stop);
      else this.#skip(tag & 7, tag >>> 3, stop, 0);
    }
    if (field.wrapped === "bool") return value !== 0;
    return field.wrapped === "int32" ? value | 0 : value >>> 0;
  }

  #timestamp(stop: number): string {
    let seconds = "0";
    let nanos = 0;
    while (this.#at < stop && !this.#isBroken) {
      const tag = this.#varint32(stop);
      if (tag === 8) seconds = this.#varint64(stop, true);
      else if (tag === 16) nanos = this.#varint32(stop) | 0;
      else this.#skip(tag & 7, tag >>> 3, stop, 0);
    }
    return this.#times.format(Number(seconds), nanos);
  }

  /** Low 32 bits of a varint of at most ten bytes, unsigned. */
  #varint32(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) break;
      const byte = bytes[at++]!; // at < end <= bytes.length
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return value >>> 0;
      }
    }
    this.#isBroken = true;
    return 0;
  }

  #varint64(end: number, isSigned: boolean): string {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10 && this.#at < end; index++) {
      const byte = bytes[this.#at++]!; // below end
      const bits = byte & 0x7f;
      // 28 bits in the low part, the rest in the high one: both stay exact.
      if (index < 4) low += bits * 2 ** (7 * index);
      else high += bits * 2 ** (7 * (index - 4));
      if (byte < 0x80) return high < 2 ** 25 ? String(high * 2 ** 28 + low) : wideText(high, low, isSigned);
    }
    this.#isBroken = true;
    return "0";
  }

  #skip(wireType: number, number: number, end: number, depth: number): void {
    switch (wireType) {
      case 0:
        this.#varint32(end);
        return;
      case 1:
        this.#at += 8;
        break;
      case 2:
        this.#skipDelimited(end);
        break;
      case 3:
        this.#skipGroup(number, end, depth);
        return;
      case 5:
        this.#at += 4;
        break;
      default:
        this.#isBroken = true;
    }
    if (this.#at > end) this.#isBroken = true;
  }

  #skipDelimited(end: number): void {
    const length = this.#varint32(end);
    this.#at += length;
  }

  #skipGroup(number: number, end: number, depth: number): void {
    if (depth >= maxGroupDepth) this.#isBroken = true;
    while (this.#at < end && !this.#isBroken) {
      const tag = this.#varint32(end);
      if ((tag & 7) === 4) {
        if (tag >>> 3 !== number) this.#isBroken = true;
        return;
      }
      this.#skip(tag & 7, tag >>> 3, end, depth + 1);
    }
    this.#isBroken = true;
  }
}

/** Fields of the envelope that are passed over, and what the next releases add to them. */
function isEnvelopeField(number: number): boolean {
  return number >= 1000 && number < 2000;
}

function isZeroEnum(field: FieldPlan, value: unknown): boolean {
  return field.kind === "enum" && value === field.values?.get(0);
}

/** More than 53 bits. */
function wideText(high: number, low: number, isSigned: boolean): string {
  const value = BigInt(high) * 268_435_456n + BigInt(low);
  return String(isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value));
}
