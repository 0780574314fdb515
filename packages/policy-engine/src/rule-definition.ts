/**
 * How a rule depends on the profile of the container, by the number used in rule resources.
 *
 * - `required` (0): without a usable profile the rule is not evaluated.
 * - `optional` (1): evaluated either way; profile functions answer false when there is no profile.
 * - `notRequired` (2): the profile does not matter.
 *
 * @public
 */
export const profileDependency = { required: 0, optional: 1, notRequired: 2 } as const;

/** A number of {@link profileDependency}. @public */
export type ProfileDependency = (typeof profileDependency)[keyof typeof profileDependency];

/** Event types that a rule expression may name. @public */
export type RuleEventType =
  | "all"
  | "bpf"
  | "capabilities"
  | "dns"
  | "exec"
  | "exit"
  | "fork"
  | "hardlink"
  | "http"
  | "iouring"
  | "k8s-admission"
  | "kmod"
  | "network"
  | "open"
  | "procfs"
  | "ptrace"
  | "randomx"
  | "ssh"
  | "symlink"
  | "syscall"
  | "unshare";

/** One condition of a rule, for one type of event. @public */
export interface RuleExpression {
  readonly eventType: RuleEventType;
  /** CEL, yields bool. */
  readonly expression: string;
}

/**
 * A detection rule as it stands in a rule resource (`spec.rules[]` of kind Rules, group kubescape.io/v1).
 *
 * @public
 */
export interface RuleDefinition {
  readonly enabled: boolean;
  /** Stable identifier, e.g. `R0001`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly expressions: {
    /** CEL, yields string: the text of the alert. */
    readonly message: string;
    /** CEL, yields string: what makes two alerts of this rule the same (input of the cooldown). */
    readonly uniqueId: string;
    /** Several conditions for one event type must all hold. */
    readonly ruleExpression: readonly RuleExpression[];
  };
  readonly profileDependency: ProfileDependency;
  /**
   * What the expressions ask of profiles, by surface: every entry (`"all"`), or those that equal, begin with, end with or contain one of
   * the texts. Nothing else of a profile need be kept. Absent: the rule may ask for anything.
   *
   * @see reference: kubescape/node-agent, rule-aware projection
   */
  readonly profileDataRequired?: Readonly<
    Partial<
      Record<
        | "opens"
        | "execs"
        | "capabilities"
        | "syscalls"
        | "endpoints"
        | "egressDomains"
        | "egressAddresses"
        | "ingressDomains"
        | "ingressAddresses",
        | "all"
        | readonly (
            | { readonly exact: string }
            | { readonly prefix: string }
            | { readonly suffix: string }
            | { readonly contains: string }
          )[]
      >
    >
  >;
  /** 1 (lowest) … 10. */
  readonly severity: number;
  /** True when a profile may allow the rule for a process or for the whole container (`rulePolicies`). */
  readonly supportPolicy: boolean;
  readonly isTriggerAlert: boolean;
  readonly mitreTactic: string;
  readonly mitreTechnique: string;
  readonly tags: readonly string[];
  /** Versions of the agent that know the rule, as a range of semantic versions; absent or unreadable: all. */
  readonly agentVersionRequirement?: string;
  /** Free parameters; those of `prefilterKeys` decide which events the rule looks at. */
  readonly state?: Readonly<Record<string, unknown>>;
}
