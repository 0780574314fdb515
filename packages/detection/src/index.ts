export type { AlertSink } from "./alert-sink.ts";
export type {
  Alert,
  AlertAllowance,
  AlertAncestor,
  AlertArguments,
  AlertDraft,
  AlertKey,
  AlertProcess,
  AlertProfile,
  AlertProfileMetadata,
} from "./alert.ts";
export { builtinProfileData } from "./builtin-profile-data.ts";
export type { RuleCoverage, SourceCoverage } from "./describe-coverage.ts";
export { loadRuleBooks } from "./lazy.ts";
export { loadBuiltinRules } from "./load-builtin-rules.ts";
export type { ContainerCommands, DetectionHost } from "./detection-host.ts";
export { DedupTable, type DedupTableOptions } from "./dedup-table.ts";
export { createAlertFromFinding } from "./create-alert-from-finding.ts";
export type { BindingBook, BindingBookOptions } from "./binding-book.ts";
export { createDetector } from "./create-detector.ts";
export type {
  Detector,
  DetectorOptions,
  InvalidRule,
  LearningHooks,
  NetworkPeer,
  PeerLookup,
  ProfileAnswers,
  ProfileLookup,
  ProfileView,
  RuleActivity,
  RuleNote,
  RuleSource,
  TrafficDirection,
} from "./detector.ts";
export { detectionErrors, type DetectionErrorCode } from "./errors.ts";
export { createProfileFunctions, type ProfileFunctionOptions } from "./profile-functions.ts";
export type { RuntimeContext } from "./rule-context.ts";
export type { BoundRule, RuleSelection } from "./rule-selection.ts";
export type { BindingEntry, RuleBinding } from "./read-rule-binding.ts";
export type { RuleBook, RuleBookOptions } from "./rule-book.ts";
