import { SharedValues } from "./shared-values.ts";
import { StringTable } from "./string-table.ts";
import { goDuration, rfc3339 } from "./time-text.ts";
import { WireFault } from "./wire-fault.ts";

/** Deeper than any schema of a CustomResourceDefinition that a server accepts, and far from the end of the stack. */
const MAX_DEPTH = 200;

/**
 * Reads protobuf off a buffer, field by field; what every decoder of this package stands on.
 *
 * The decoder asks for a tag, then reads the field's value or skips it. Everything is checked against the end of the frame; a message that does not end
 * where its length says is refused by {@link WireReader.end}. Strings are copied out of the buffer; {@link WireReader.name} gives equal ones as one string, and
 * {@link WireReader.share} gives equal objects as one object.
 *
 * Hot path: once per field of every object. Budget: nothing allocated but the values kept.
 *
 * Every method that reads throws a {@link WireFault} where the bytes are not what they should be; whoever knows the request makes
 * KINGLET_ERR_KUBE_CLIENT_RESPONSE of it.
 *
 * @public
 */
export class WireReader {
  /** Where the next byte is read. */
  position = 0;
  /** Mixes the names that are read. A decoder keeps one mix for each value it shares: set before a part of the value is read, taken back afterwards. */
  mix = 0;
  #buffer: Buffer;
  #limit = 0;
  #depth = 0;
  readonly #names: StringTable;
  readonly #shared = new SharedValues();

  /** @internal */
  constructor(names: StringTable = new StringTable()) {
    this.#names = names;
    this.#buffer = names.noBytes;
  }

  /** Starts on the bytes from `start` to `end` of `buffer`. @internal */
  begin(buffer: Buffer, start: number, end: number): void {
    this.#buffer = buffer;
    this.position = start;
    this.#limit = end;
    this.#depth = 0;
  }

  /** Lets go of the buffer, which would otherwise live until the next one. @internal */
  release(): void {
    this.#buffer = this.#names.noBytes;
    this.#limit = 0;
    this.position = 0;
  }

  /** The next field's number and wire type, as `number << 3 | type`; numbers above 2^28 never occur. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw this.fault("a field has the number 0");
    return tag;
  }

  /** Refuses a field whose wire type is not the one of its row. */
  expect(tag: number, wanted: number): void {
    if (tag !== wanted) throw this.fault(`field ${tag >>> 3} has the wire type ${tag & 7}, not ${wanted & 7}`);
  }

  /** Skips the value of a field that is not kept. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#skipVarint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.uint32());
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw this.fault(`wire type ${tag & 7}`);
    }
  }

  /** Enters a message: its length is read and the position of its end returned, for {@link WireReader.end}. */
  enter(): number {
    const end = this.#lengthEnd();
    if (++this.#depth > MAX_DEPTH) throw this.fault(`messages within messages, ${MAX_DEPTH} deep`);
    return end;
  }

  /** Leaves the message that ends at `end`. */
  end(end: number): void {
    if (this.position !== end) throw this.fault("a message does not end where its length says");
    this.#depth--;
  }

  uint32(): number {
    const value = this.#varint();
    if (value > 0xffffffff) throw this.fault("a number of more than 32 bits");
    return value;
  }

  int32(): number {
    // Negative numbers travel as ten bytes, sign-extended to 64 bits.
    return this.int64() | 0;
  }

  /** As a number: like JSON.parse exact to 2^53 and rounded beyond. */
  int64(): number {
    const buffer = this.#buffer;
    const limit = this.#limit;
    const start = this.position;
    let value = 0;
    let factor = 1;
    // Seven bytes hold 49 bits, which a number holds exactly; negative and larger ones take the slow way.
    for (let at = start; at < limit && at < start + 7; at++) {
      const byte = buffer[at]!; // at < limit <= length
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.position = at + 1;
        return value;
      }
      factor *= 128;
    }
    return Number(BigInt.asIntN(64, this.#bigVarint()));
  }

  uint64(): number {
    return Number(this.#bigVarint());
  }

  bool(): boolean {
    return this.int64() !== 0;
  }

  double(): number {
    const at = this.position;
    this.#advance(8);
    return this.#buffer.readDoubleLE(at);
  }

  float(): number {
    const at = this.position;
    this.#advance(4);
    return this.#buffer.readFloatLE(at);
  }

  /** A string that is not expected to come again. */
  text(): string {
    const end = this.#lengthEnd();
    const start = this.position;
    this.position = end;
    return start === end ? "" : this.#buffer.toString("utf8", start, end);
  }

  /** A string that is expected to come again: equal ones are one string. */
  name(): string {
    const end = this.#lengthEnd();
    const start = this.position;
    this.position = end;
    const value = this.#names.intern(this.#buffer, start, end);
    this.mix = Math.imul(this.mix ^ this.#names.lastHash, 0x01000193);
    return value;
  }

  /** Bytes as JSON has them: base64. */
  base64(): string {
    const end = this.#lengthEnd();
    const start = this.position;
    this.position = end;
    return this.#buffer.toString("base64", start, end);
  }

  /**
   * The known value that equals `value`, or `value`, which is then known.
   *
   * @param mix - of the names in it. A wrong one makes nothing wrong: the value is then not found.
   */
  share<T extends object>(value: T, mix: number): T {
    return this.#shared.share(value, mix);
  }

  /** meta/v1 Time in JSON's notation; `null` for the zero time, as in JSON. */
  time(): string | null {
    return this.#time(false);
  }

  /** meta/v1 MicroTime in JSON's notation. */
  microTime(): string | null {
    return this.#time(true);
  }

  /** meta/v1 Duration in Go's notation. */
  duration(): string {
    const end = this.enter();
    let nanoseconds = 0n;
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 8) nanoseconds = BigInt.asIntN(64, this.#bigVarint());
      else this.skip(tag);
    }
    this.end(end);
    return goDuration(nanoseconds);
  }

  quantity(): string {
    const end = this.enter();
    let value = "";
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 10) value = this.name();
      else this.skip(tag);
    }
    this.end(end);
    return value === "" ? "0" : value;
  }

  intOrString(): number | string {
    const end = this.enter();
    let type = 0;
    let number = 0;
    let text = "";
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 8) type = this.int64();
      else if (tag === 16) number = this.int32();
      else if (tag === 26) text = this.name();
      else this.skip(tag);
    }
    this.end(end);
    if (type !== 0 && type !== 1) throw this.fault("an IntOrString is neither");
    return type === 0 ? number : text;
  }

  /** A message that holds JSON as its first field, parsed; `null` when it is empty. */
  json(): unknown {
    const end = this.enter();
    let value: unknown = null;
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 10) value = this.jsonBytes();
      else this.skip(tag);
    }
    this.end(end);
    return value;
  }

  /** Bytes that are JSON, parsed; `null` when there are none. */
  jsonBytes(): unknown {
    const text = this.text();
    if (text === "") return null;
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw this.fault("raw bytes are not JSON", error);
    }
  }

  /** Messages that hold strings as their first field, as a list of them. */
  stringList(): string[] {
    const end = this.enter();
    const values: string[] = [];
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 10) values.push(this.name());
      else this.skip(tag);
    }
    this.end(end);
    return values;
  }

  /** True when the bytes ahead are those. */
  startsWith(bytes: readonly number[]): boolean {
    for (let index = 0; index < bytes.length; index++) {
      const at = this.position + index;
      if (at >= this.#limit || this.#buffer[at] !== bytes[index]) return false;
    }
    return true;
  }

  /** Reads the length of a field and returns where its value ends. */
  valueEnd(): number {
    return this.#lengthEnd();
  }

  fault(problem: string, cause?: unknown): WireFault {
    return new WireFault(problem, this.position, cause);
  }

  #time(isMicro: boolean): string | null {
    const end = this.enter();
    if (this.position === end) {
      this.end(end);
      return null;
    }
    let seconds = 0;
    let nanos = 0;
    while (this.position < end) {
      const tag = this.tag();
      if (tag === 8) seconds = this.int64();
      else if (tag === 16) nanos = this.int32();
      else this.skip(tag);
    }
    this.end(end);
    const text = rfc3339(seconds, isMicro ? nanos : -1);
    if (text === undefined) throw this.fault("a time that RFC 3339 cannot write");
    return text;
  }

  #lengthEnd(): number {
    const length = this.uint32();
    const end = this.position + length;
    if (end > this.#limit) throw this.fault("it ends in the middle of a field");
    return end;
  }

  #advance(count: number): void {
    const to = this.position + count;
    if (to > this.#limit) throw this.fault("it ends in the middle of a field");
    this.position = to;
  }

  /** A varint of up to 35 bits without a BigInt: tags, lengths and most numbers. */
  #varint(): number {
    const buffer = this.#buffer;
    const limit = this.#limit;
    let at = this.position;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 5; count++) {
      if (at >= limit) throw this.fault("it ends in the middle of a number");
      const byte = buffer[at++]!; // at < limit <= length
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.position = at;
        return value;
      }
      factor *= 128;
    }
    throw this.fault("a number of more than 32 bits");
  }

  #bigVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.#limit) throw this.fault("it ends in the middle of a number");
      const byte = this.#buffer[this.position++]!; // position < limit <= length
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.fault("a number of more than ten bytes");
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      if (this.position >= this.#limit) throw this.fault("it ends in the middle of a number");
      if (this.#buffer[this.position++]! < 0x80) return;
    }
    throw this.fault("a number of more than ten bytes");
  }
}
