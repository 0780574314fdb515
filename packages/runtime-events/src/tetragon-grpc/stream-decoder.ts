// Hot path: `decode` runs once per message of the stream. A message of a kind that nobody consumes is looked at only as far as its tags.
import type { Buffer } from "node:buffer";
import type { RuntimeEventKind } from "@kinglet/enrichment";
import { kindByMember } from "../event-kinds.ts";
import { isObject, objectOf, type JsonObject } from "../json-object.ts";
import type { DecodeOutcome, TetragonDecoder } from "../tetragon-decoder.ts";
import { MessageDecoder } from "./message-decoder.ts";
import { messagePlan, type MessagePlan } from "./message-plan.ts";

/** What a message turned out to be. @internal */
export type StreamOutcome = Exclude<DecodeOutcome, "unprepared" | "blank"> | "health-check";

/**
 * Turns messages of the stream into events, through the same decoder as lines of the export file.
 *
 * @internal
 */
export class StreamDecoder {
  readonly #decoder: TetragonDecoder;
  readonly #messages: MessageDecoder = new MessageDecoder();
  readonly #plan: MessagePlan = messagePlan("GetEventsResponse");
  readonly #ignoresHealthChecks: boolean;

  constructor(decoder: TetragonDecoder, options: { readonly ignoresHealthChecks: boolean }) {
    this.#decoder = decoder;
    this.#ignoresHealthChecks = options.ignoresHealthChecks;
  }

  /** The kind of the last message that was "skipped". */
  get skippedKind(): RuntimeEventKind {
    return this.#decoder.skippedKind;
  }

  /** The member of the last message that was "unknown". */
  get unknownMember(): string {
    return this.#decoder.unknownMember;
  }

  /**
   * Decodes the message `bytes[start, end)`; nothing of it is kept.
   *
   * @param sequence - given to the event if it is one.
   */
  decode(bytes: Buffer, start: number, end: number, sequence: number, receivedAtMs: number): StreamOutcome {
    const line = this.#messages.decode(this.#plan, bytes, start, end);
    if (line === undefined) return "malformed";
    const { unknownField } = this.#messages;
    // An agent newer than the table: the envelope is fine, the event is of a kind without a name here.
    if (unknownField !== 0) line[`event_${unknownField}`] ??= {};
    if (this.#ignoresHealthChecks && isHealthCheck(line)) return "health-check";
    const outcome = this.#decoder.decodeObject(line, sequence, receivedAtMs, end - start);
    // The decoder was prepared when the source was opened, and a message is never blank.
    return outcome === "unprepared" || outcome === "blank" ? "malformed" : outcome;
  }
}

/** Asked for again here: an agent that does not know the filter sends them all the same. */
function isHealthCheck(line: JsonObject): boolean {
  for (const member in line) {
    if (!kindByMember.has(member)) continue;
    const body = line[member];
    const process = isObject(body) ? objectOf(body, "process") : undefined;
    const pod = process === undefined ? undefined : objectOf(process, "pod");
    const container = pod === undefined ? undefined : objectOf(pod, "container");
    return container?.["maybe_exec_probe"] === true;
  }
  return false;
}
