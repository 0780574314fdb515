export { AddressMatcher } from "./address-matcher.ts";
export { CallStackIndex, type CallStackTreeNode } from "./call-stack-index.ts";
export { DnsMatcher } from "./dns-matcher.ts";
export { EndpointMatcher } from "./endpoint-matcher.ts";
export type { EntryMatcher } from "./entry-matcher.ts";
export { ExecArgumentsMatcher, type ExecPattern } from "./exec-arguments-matcher.ts";
export { isWildcardArgument, isWildcardName, isWildcardPath } from "./is-wildcard.ts";
export { matchesLabels } from "./matches-labels.ts";
export { PathMatcher } from "./path-matcher.ts";
