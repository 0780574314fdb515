/**
 * `T` with every property and array readonly, to any depth: what others share must not be changed.
 *
 * @public
 */
export type DeepReadonly<T> = unknown extends T ? T : { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
