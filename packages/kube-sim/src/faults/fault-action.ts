/**
 * What happens to a request that a fault meets. Whatever counts bytes counts those of the body after its head.
 *
 * | kind | effect |
 * | --- | --- |
 * | `status` | answered with this code and a `Status` body |
 * | `delay` | served after that time, milliseconds |
 * | `hang` | never answered; the connection stays open |
 * | `cut` | the connection ends after so many bytes of the body (0: before the head) or events of a watch: `reset` or, with `how: "end"`, an orderly end in the middle |
 * | `blackhole` | the head and so many bytes or events go out, then nothing more; the connection stays open |
 * | `trickle` | the body goes out in writes of so many bytes |
 * | `gzip-members` | every write of the body is a gzip member of its own |
 * | `go-away` | served; the server then asks the client to leave the connection (GOAWAY, or `Connection: close`) |
 * | `watch-error` | after so many events of a watch an `ERROR` event, then the end |
 * | `ignore-initial-events` | `sendInitialEvents` is taken for an unknown parameter, as by servers before 1.27 |
 * | `no-bookmarks` | a watch sends no bookmarks, not even the one that closes a streaming list |
 * | `lower-bookmarks` | bookmarks carry a version that is lower by this |
 * | `duplicate-events` | every event of a watch is sent twice |
 * | `replay-events` | a watch starts with so many events from before the version it asked for |
 * | `strip-metadata` | events of a watch carry objects without metadata |
 * | `table-objects` | events of a watch carry a `Table` that nobody asked for |
 * | `long-line` | a watch starts with an event of so many bytes |
 *
 * @public
 */
export type FaultAction =
  | {
      readonly kind: "status";
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      /** Seconds, sent as `Retry-After` and in the body. */
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "hang" }
  | {
      readonly kind: "cut";
      readonly afterBytes?: number;
      readonly afterEvents?: number;
      /** @defaultValue "reset" */
      readonly how?: "reset" | "end";
    }
  | { readonly kind: "blackhole"; readonly afterBytes?: number; readonly afterEvents?: number }
  | { readonly kind: "trickle"; readonly bytes: number }
  | { readonly kind: "gzip-members" }
  | { readonly kind: "go-away" }
  | {
      readonly kind: "watch-error";
      readonly afterEvents: number;
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
    }
  | { readonly kind: "ignore-initial-events" }
  | { readonly kind: "no-bookmarks" }
  | { readonly kind: "lower-bookmarks"; readonly by: number }
  | { readonly kind: "duplicate-events" }
  | { readonly kind: "replay-events"; readonly events: number }
  | { readonly kind: "strip-metadata" }
  | { readonly kind: "table-objects" }
  | { readonly kind: "long-line"; readonly bytes: number };
