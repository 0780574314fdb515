export { criteria, familyOf, grammarOf } from "./criteria/criteria.ts";
export { criterionNames, type CriterionName } from "./criteria/criterion-names.ts";
export type { Criterion, CriterionFamily, CriterionMatch, CriterionNeed } from "./criteria/criterion.ts";
export type { CompileProblem } from "./evaluation/compile-policy.ts";
export type {
  EvaluationSubject,
  NetworkPolicyCoverage,
  PermissionLevel,
  ServiceExposure,
} from "./evaluation/evaluation-subject.ts";
export { findCompileProblems } from "./evaluation/find-compile-problems.ts";
export {
  PolicySet,
  type EvaluateDeployOptions,
  type EvaluateRuntimeOptions,
  type PolicySetOptions,
  type RuntimeSubject,
} from "./evaluation/policy-set.ts";
export { maxViolations, type EvaluationNeed, type PolicyVerdict, type Violation } from "./evaluation/policy-verdict.ts";
export type {
  AuditLogEvent,
  FileAccessEvent,
  KubeEvent,
  NetworkFlowEvent,
  ProcessEvent,
  ProcessFacts,
  RuntimePolicyEvent,
} from "./evaluation/runtime-event.ts";
export type { GrammarName } from "./grammars/grammar-name.ts";
export { grammarNamed, grammars } from "./grammars/grammar-named.ts";
export { maxValueLength, type Grammar, type GrammarProblem } from "./grammars/grammar.ts";
export type { Comparator, ParsedValue } from "./grammars/parsed-value.ts";
export {
  booleanOperators,
  containerTypes,
  enforcementActions,
  eventSources,
  lifecycleStages,
  policyModes,
  severities,
  type BooleanOperator,
  type ContainerType,
  type EnforcementAction,
  type EventSource,
  type LifecycleStage,
  type PolicyMode,
  type Severity,
} from "./model/policy-names.ts";
export type { PolicyProblem, PolicyProblemCode } from "./model/policy-problem.ts";
export { securityPolicySpecSchema } from "./model/policy-schema.ts";
export type {
  EvaluationFilter,
  ExcludedDeployment,
  ExcludedImage,
  MitreAttackVector,
  PolicyExclusion,
  PolicyGroup,
  PolicyScope,
  PolicySection,
  ScopeLabel,
  SecurityPolicy,
} from "./model/security-policy.ts";
export { readImageMetadata, type ImageMetadataResult } from "./reading/read-image-metadata.ts";
export {
  modeAnnotation,
  readSecurityPolicy,
  securityPolicyApiVersion,
  securityPolicyKind,
  type ReadingOptions,
} from "./reading/read-security-policy.ts";
export type { ReadingResult } from "./reading/reading-result.ts";
export type {
  ImageComponent,
  ImageConfig,
  ImageLayer,
  ImageMetadata,
  ImageScan,
  Vulnerability,
  VulnerabilitySeverity,
} from "./workload/image-metadata.ts";
export { parseImageName, type ImageName } from "./workload/image-name.ts";
export { readPermissionLevel } from "./workload/permission-level.ts";
export { workloadKinds } from "./workload/pod-template.ts";
export { readWorkload, type ReadWorkloadOptions } from "./workload/read-workload.ts";
export type {
  EnvironmentSource,
  EnvironmentVariable,
  ExposureLevel,
  MountedVolume,
  MountPropagation,
  PortExposure,
  SeccompProfileType,
  Workload,
  WorkloadContainer,
  WorkloadContainerType,
  WorkloadPort,
} from "./workload/workload.ts";
export { readNetworkPolicyCoverage } from "./surroundings/network-policy-coverage.ts";
export { readServiceExposures } from "./surroundings/service-exposure.ts";
