import { eventFieldTypes, type EventField, type RuleEvent } from "./event-fields.ts";

/** Converts a whole number to what the library computes with. @internal */
export interface IntegerConversions {
  toUint(value: bigint): unknown;
}

/**
 * What the library sees as `event`: one object per engine, pointed at the event at hand, so that evaluating allocates nothing
 * for it. Numbers become 64-bit integers only when an expression reads them.
 *
 * @internal
 */
export interface EventView {
  current: RuleEvent;
}

/**
 * Builds the class of {@link EventView}: a getter per field. The library recognises the variable by its exact constructor.
 *
 * @internal
 */
export function createEventViewClass(conversions: IntegerConversions): new () => EventView {
  class View implements EventView {
    current: RuleEvent = {};
  }
  for (const field of Object.keys(eventFieldTypes) as EventField[]) {
    Object.defineProperty(View.prototype, field, { get: createGetter(field, conversions) });
  }
  return View;
}

function createGetter(field: EventField, conversions: IntegerConversions): (this: EventView) => unknown {
  const type = eventFieldTypes[field];
  if (type === "int") {
    return function getInt(this: EventView): unknown {
      const value = this.current[field];
      return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    };
  }
  if (type === "uint") {
    return function getUint(this: EventView): unknown {
      const value = this.current[field];
      // Sources say -1 for "unknown": no value, rather than a very large one.
      return Number.isSafeInteger(value) && (value as number) >= 0
        ? conversions.toUint(BigInt(value as number))
        : undefined;
    };
  }
  return function getValue(this: EventView): unknown {
    return this.current[field];
  };
}
