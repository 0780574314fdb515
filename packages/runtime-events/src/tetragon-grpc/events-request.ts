import type { RuntimeEventKind } from "@kinglet/enrichment";
import { Buffer } from "node:buffer";

/** What is asked of the agent. @internal */
export interface EventsRequest {
  /** Numbers of members of the event union; undefined = all. */
  readonly eventNumbers: readonly number[] | undefined;
  /** Leave out what Kubernetes' exec probes run. */
  readonly withoutHealthChecks: boolean;
}

/**
 * Encodes `GetEventsRequest`: one Filter in the allow list with the event set, one in the deny list for health checks.
 *
 * Nothing else is asked for: every expression costs the agent time per event and listener, and an old agent ignores a field that it does not
 * know, so whatever matters is looked at again here.
 *
 * @internal
 */
export function encodeEventsRequest(request: EventsRequest): Buffer {
  const bytes: number[] = [];
  if (request.eventNumbers !== undefined) {
    const numbers: number[] = [];
    for (const number of request.eventNumbers) pushVarint(numbers, number);
    // event_set = 6, packed
    const filter = [...delimited(6, numbers)];
    bytes.push(...delimited(1, filter));
  }
  // health_check = 3, a BoolValue whose value = 1 is true
  if (request.withoutHealthChecks) bytes.push(...delimited(2, delimited(3, [8, 1])));
  return Buffer.from(bytes);
}

/** Numbers of the members of the event union that bring events of these kinds; undefined for all. @internal */
export function activityNumbersOf(kinds: ReadonlySet<RuntimeEventKind> | undefined): readonly number[] | undefined {
  if (kinds === undefined) return undefined;
  const numbers: number[] = [];
  let wantsHooks = false;
  for (const kind of kinds) {
    if (kind === "exec") numbers.push(1);
    else if (kind === "exit") numbers.push(5);
    else if (kind !== "throttle" && kind !== "rateLimit") wantsHooks = true;
  }
  // Everything else comes from hooks: which hook gives which kind is a matter of the policies.
  if (wantsHooks) numbers.push(9, 10, 11, 12, 28, 29);
  // What the agent reports about its own losses is always wanted.
  numbers.push(27, 40_001);
  return numbers;
}

function delimited(number: number, content: readonly number[]): number[] {
  const bytes: number[] = [];
  pushVarint(bytes, (number << 3) | 2);
  pushVarint(bytes, content.length);
  bytes.push(...content);
  return bytes;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
