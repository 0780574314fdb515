export type { AlertSink } from "./alert-sink.ts";
export type {
  Alert,
  AlertAllowance,
  AlertAncestor,
  AlertArguments,
  AlertProcess,
  AlertProfile,
  AlertProfileMetadata,
} from "./alert.ts";
export { builtinRules } from "./builtin-rules.ts";
export { DedupTable, type DedupTableOptions } from "./dedup-table.ts";
export { createAlertFromFinding } from "./create-alert-from-finding.ts";
export { createDetector } from "./create-detector.ts";
export type {
  Detector,
  DetectorOptions,
  InvalidRule,
  ProfileAnswers,
  ProfileLookup,
  ProfileView,
  TrafficDirection,
} from "./detector.ts";
export { detectionErrors, type DetectionErrorCode } from "./errors.ts";
export { createProfileFunctions } from "./profile-functions.ts";
