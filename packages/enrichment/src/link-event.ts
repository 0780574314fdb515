import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** The kinds of {@link LinkEvent}. @public */
export type LinkEventKind = "symlink" | "hardlink";

/** The fields that only a {@link LinkEvent} has. @public */
export interface LinkDetails {
  /** What the link leads to, as it was given. */
  readonly oldPath: string;
  /** The link itself. */
  readonly newPath: string;
}

/** What a new {@link LinkEvent} is made of. @public */
export type LinkEventInit = EventOriginInit & { readonly kind: LinkEventKind } & Partial<LinkDetails>;

/**
 * A process made a link to a file.
 *
 * @public
 */
export class LinkEvent extends ObservedEvent implements LinkDetails {
  readonly kind: LinkEventKind;
  readonly oldPath: string;
  readonly newPath: string;

  /** @param init - at least the kind and the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: LinkEventInit) {
    super(init);
    this.kind = init.kind;
    this.oldPath = init.oldPath ?? "";
    this.newPath = init.newPath ?? "";
  }
}
