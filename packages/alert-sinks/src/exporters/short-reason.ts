import { escapeForTerminal } from "../escape-text.ts";
import { cutBytes } from "./bounded-body.ts";

/** Why a receiver cannot be reached, for a log: part of it may be the receiver's own words, as the names in a certificate. @internal */
export function shortReason(cause: unknown): string {
  return cutBytes(escapeForTerminal(cause instanceof Error ? cause.message : String(cause)), 512);
}
