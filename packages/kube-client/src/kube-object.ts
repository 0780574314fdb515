/**
 * What every object delivered by this package carries, whatever the projection.
 *
 * @public
 */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeMetadata;
}

/**
 * Identity of an object.
 *
 * @public
 */
export interface KubeMetadata {
  readonly name: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly uid: string;
  /** Opaque; compare only with `compareResourceVersions`. */
  readonly resourceVersion: string;
}

/**
 * One event of a watch. A BOOKMARK has no content but `metadata.resourceVersion`. The object of DELETED is the last content before the deletion (or before it
 * stopped matching the selector) under the resourceVersion of the deletion: not a current state.
 *
 * @public
 */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: T;
  /** The resourceVersion to go on from after this event. */
  readonly resourceVersion: string;
  /** On the BOOKMARK that closes the first part of a streaming list: every object of the state has been sent. */
  readonly endsInitialEvents?: true;
}
