import type { KubeObject } from "../kube-object.ts";

/**
 * What travels for an object of a generated type: times are RFC 3339 text, not `Date`; nothing may be changed.
 *
 * @public
 */
export type JsonOf<T> = T extends Date
  ? string
  : T extends readonly (infer Element)[]
    ? readonly JsonOf<Element>[]
    : T extends object
      ? { readonly [Key in keyof T]: JsonOf<T[Key]> }
      : T;

/**
 * A whole object of one of `@kubernetes/client-node`'s types, as this client delivers it: read, listed and watched alike.
 *
 * @public
 */
export type WholeObject<T> = JsonOf<T> & KubeObject;
