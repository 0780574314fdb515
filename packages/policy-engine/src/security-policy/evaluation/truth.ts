/**
 * Three-valued truth as small integers, so that AND is the smaller and OR the larger of two: what is not known makes a result
 * unknown only where it could change it.
 *
 * @internal
 */
export type Truth = typeof isFalse | typeof isUnknown | typeof isTrue;

/** @internal */
export const isFalse = 0;
/** @internal */
export const isUnknown = 1;
/** @internal */
export const isTrue = 2;

/** @internal */
export function truthOf(value: boolean): Truth {
  return value ? isTrue : isFalse;
}
