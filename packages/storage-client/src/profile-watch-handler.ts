import type { ProfileKind } from "./profile-kind.ts";

/** One change of one object. @public */
export interface ProfileChange {
  readonly type: "added" | "modified" | "deleted";
  readonly kind: ProfileKind;
  readonly namespace: string;
  readonly name: string;
  /** Of the state after the change, opaque; of a deletion the last one known. */
  readonly resourceVersion: string;
}

/** Is told about changes; must not throw and must not wait. @public */
export interface ProfileWatchHandler {
  /** Called for each change, also before `synced` and after `lost`. */
  changed(change: ProfileChange): void;
  /** Everything that has happened so far was told, and whatever happens will be. A kind that the store does not have is not waited for. */
  synced(): void;
  /** From now on changes may be missed until the next `synced`, which comes after all that was missed was told. */
  lost(reason: string): void;
}
