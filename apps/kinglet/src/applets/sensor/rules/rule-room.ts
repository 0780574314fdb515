import { loadBuiltinRules, loadRuleBooks, type BindingBook as Bindings, type RuleSelection } from "@kinglet/detection";
import type { ContainerIdentity } from "@kinglet/enrichment";
import { hasCode } from "@kinglet/errors";
import type { createInformer, InformerOptions, KubeClient, ResourceDefinition } from "@kinglet/kube-client";
import { createBackoff, sleep, whenAborted, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuleDefinition } from "@kinglet/policy-engine";
import type { SensorConfig } from "../config.ts";
import { assumedBindings } from "./binding-metrics.ts";
import { followResource } from "./follow-resource.ts";
import { NamespaceLabels } from "./namespace-labels.ts";
import { readRuleFolder } from "./read-rule-folder.ts";
import { ruleProblems } from "../events/judgement-metrics.ts";

/**
 * What a rule room works with.
 *
 * @internal
 */
export interface RuleRoomOptions {
  readonly config: Pick<SensorConfig, "rulesDir" | "ruleResources" | "ignoreRuleBindings">;
  readonly client: KubeClient;
  /** Called when other rules hold than before. */
  readonly onRules: (rules: readonly RuleDefinition[], replaced: readonly RuleDefinition[]) => void;
  /** Given, so that its text is there once. */
  readonly createInformer: typeof createInformer;
  readonly informer: Omit<InformerOptions, "projection">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the reading of files; what was read by then holds. */
  readonly signal: AbortSignal;
}

/** Which rules hold, and for whom. @internal */
export interface RuleRoom {
  readonly rules: readonly RuleDefinition[];
  /** Built-in rules that run while what stands in their place is invalid. */
  readonly replaced: readonly RuleDefinition[];
  fallbackFor(ruleId: string): RuleDefinition | undefined;
  selectionFor(container: ContainerIdentity): RuleSelection | undefined;
  /** What is wrong with rules and bindings, by file or resource. */
  problems(): Readonly<Record<string, readonly string[]>>;
  /** Names of the bindings that select this pod. */
  bindingsOf(container: ContainerIdentity): readonly string[];
  /** Follows the resources of the API until the signal fires. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Resolves once the resources were seen, or it is known that there are none to follow. */
  readonly isSettled: Promise<void>;
}

const group = { group: "kubescape.io", version: "v1" } as const;
const rulesResource: ResourceDefinition = { ...group, plural: "rules", kind: "Rules", namespaced: true };
const bindingsResource: ResourceDefinition = {
  ...group,
  plural: "runtimerulealertbindings",
  kind: "RuntimeRuleAlertBinding",
  namespaced: false,
};

/** Definitions may be installed any time; looked for this often while they are missing, milliseconds. */
const lookAgainMs = 600_000;
/** An API that does not say whether it serves them is asked again after this, then after ever longer times, milliseconds. */
const firstRetryMs = 1_000;
/** How long the first judgement waits for the rules of an API that does not answer, milliseconds. */
const patienceMs = 10_000;
/** Names of files in one line of the log. */
const maxNamed = 20;
/** Names what is wrong with all bindings together: no name of one has a space. */
const allBindings = "bindings of the API";

/**
 * A file that is no YAML is a problem like an invalid rule: it is told, and the others run. One typo in a mounted file must not end the sensors of all nodes.
 *
 * @throws `KINGLET_ERR_KINGLET_RULES_DIR` for a folder of rules that cannot be read.
 *
 * @internal
 */
export async function openRuleRoom(options: RuleRoomOptions): Promise<RuleRoom> {
  const { config, client, onRules, clock, logger } = options;
  const { RuleBook, BindingBook } = await loadRuleBooks();
  const book = new RuleBook({ builtin: await loadBuiltinRules() });
  const labels = new NamespaceLabels({
    ...options,
    patienceMs,
    onChange: () => bindings.invalidate(),
    wantedBy: () => bindings.byNamespaceLabels,
  });
  const bindings: Bindings = new BindingBook({
    rules: () => book.rules,
    ignoresBindings: config.ignoreRuleBindings,
    namespaceLabels: (namespace) => labels.labelsOf(namespace),
    isIncomplete: () => !areTried || unknown.size > 0,
  });
  /** True once each binding of the API was read or tried, or it is known that there are none. */
  let areTried = config.ruleResources === "off";
  /** Bindings of the API that were read, valid or not: one that can no longer be read holds as it was. */
  const known = new Set<string>();
  /** Those that never could be read: whom they select only they know, so nobody may miss a rule for it. */
  const unknown = new Set<string>();
  const bindingProblems = new Map<string, string>();
  const fileProblems = new Map<string, string>();
  /** Resources that could not be read when they changed. */
  const unread = new Map<string, string>();
  const gauge = options.metrics.gauge(ruleProblems);
  const assumed = options.metrics.gauge(assumedBindings);
  options.metrics.onCollect(() => assumed.set(labels.isKnown ? 0 : bindings.byNamespaceLabels.length));
  const tell = (): void => gauge.set(book.problems().size + bindingProblems.size + fileProblems.size + unread.size);
  const setUnusable = (path: string, error: unknown): void => {
    fileProblems.set(path, messageOf(error));
    const text = "a file of rules cannot be read: none of its rules and bindings hold, the others do";
    if (fileProblems.size <= maxNamed) logger.error(text, { from: path, error });
    else if (fileProblems.size === maxNamed + 1) logger.error("more files of rules cannot be read: explain names them");
    tell();
  };
  const setLeftOut = (paths: readonly string[], error: Error): void => {
    for (const path of paths) fileProblems.set(path, error.message);
    logger.error("files of rules are left out: none of their rules and bindings hold, those of the others do", {
      count: paths.length,
      files: paths.slice(0, maxNamed),
      error,
    });
    tell();
  };
  const setUnread = (name: string, error: unknown): void => {
    unread.set(name, `could not be read, what it was before holds: ${messageOf(error)}`);
    logger.warn("rules or a binding could not be read: what they were before holds until they can", {
      from: name,
      error,
    });
    tell();
  };
  const setUnknown = (name: string, error: unknown): void => {
    unknown.add(name);
    bindings.invalidate();
    unread.set(name, `could not be read, until it can every rule holds for every pod: ${messageOf(error)}`);
    logger.warn("a binding could not be read: until it can every rule holds for every pod", { from: name, error });
    tell();
  };
  /** The binding was read, or is gone. */
  const noLongerUnknown = (name: string): void => {
    if (unknown.delete(name)) bindings.invalidate();
  };
  const setTried = (are: boolean): void => {
    areTried = are;
    if (are) unread.delete(allBindings);
    bindings.invalidate();
    tell();
  };
  const setRules = (name: string, resource: unknown): void => {
    unread.delete(name);
    const problems = book.set(name, resource);
    if (problems.length > 0) logger.error("rules are invalid and do not run, the others do", { from: name, problems });
    tell();
  };
  const setBinding = (name: string, resource: unknown): void => {
    unread.delete(name);
    try {
      bindings.set(name, resource);
      bindingProblems.delete(name);
    } catch (error) {
      bindingProblems.set(name, messageOf(error));
      logger.error("a rule binding is invalid and does not hold", { from: name, error });
    }
    labels.want(bindings.byNamespaceLabels.length > 0);
    tell();
  };
  if (config.rulesDir !== undefined) {
    const to = { setRules, setBinding, setUnusable, setLeftOut, logger };
    await readRuleFolder(config.rulesDir, to, { signal: options.signal });
  }
  book.onChange(() => {
    bindings.invalidate();
    onRules(book.rules, book.replaced);
  });
  const settled = Promise.withResolvers<void>();
  if (config.ruleResources === "off") settled.resolve();

  const beOutOfPatience = async (signal: AbortSignal): Promise<void> => {
    await sleep(patienceMs, { signal, clock });
    if (!areTried && !unread.has(allBindings)) {
      unread.set(allBindings, "not all of them could be read so far: until they were every rule holds for every pod");
      logger.warn("bindings could not all be read so far: until they were every rule holds for every pod");
      tell();
    }
    settled.resolve();
  };
  const follow = async (signal: AbortSignal): Promise<void> => {
    setTried(false);
    const base = { ...options, clock, signal, unread: setUnread };
    const rules = followResource({
      ...base,
      resource: rulesResource,
      set: setRules,
      remove: (name) => {
        book.remove(name);
        unread.delete(name);
        tell();
      },
    });
    const bound = followResource({
      ...base,
      resource: bindingsResource,
      set: (name, binding) => {
        known.add(name);
        setBinding(name, binding);
        noLongerUnknown(name);
      },
      unread: (name, error) => (known.has(name) ? setUnread : setUnknown)(name, error),
      remove: (name) => {
        known.delete(name);
        noLongerUnknown(name);
        bindings.remove(name);
        labels.want(bindings.byNamespaceLabels.length > 0);
        bindingProblems.delete(name);
        unread.delete(name);
        tell();
      },
    });
    const running = [rules.ended, bound.ended];
    const tried = bound.delivered.then(() => setTried(true));
    await Promise.race([Promise.all([rules.delivered, tried]), beOutOfPatience(signal)]);
    settled.resolve();
    await Promise.all(running);
  };

  return {
    get rules() {
      return book.rules;
    },
    get replaced() {
      return book.replaced;
    },
    fallbackFor: (ruleId) => book.fallbackFor(ruleId),
    selectionFor: (container) => bindings.selectionFor(container),
    bindingsOf: (container) => bindings.bindingsOf(container),
    problems: () => ({
      ...Object.fromEntries(
        [...book.problems()].map(([name, found]) => [name, found.map(({ path, message }) => `${path}: ${message}`)]),
      ),
      ...Object.fromEntries(
        [...bindingProblems, ...fileProblems, ...unread].map(([name, message]) => [name, [message]]),
      ),
      ...labelProblems(labels, bindings),
    }),
    isSettled: settled.promise.then(() => labels.settled()),
    run: async ({ signal }) => {
      void labels.run({ signal });
      if (config.ruleResources === "off") return whenAborted(signal);
      if (config.ruleResources === "auto") beOutOfPatience(signal).catch(() => {});
      const backoff = createBackoff({ initialMs: firstRetryMs, maxMs: lookAgainMs });
      while (config.ruleResources === "auto") {
        const are = await areServed(client, logger, signal);
        if (are === true) break;
        if (are === false) {
          backoff.reset();
          setTried(true);
          settled.resolve();
        }
        await sleep(are === false ? lookAgainMs : backoff.nextDelayMs(), { signal, clock });
      }
      await follow(signal);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function labelProblems(labels: NamespaceLabels, bindings: Bindings): Readonly<Record<string, readonly string[]>> {
  if (labels.problem === undefined) return {};
  const outcome = labels.isKnown
    ? "they count as they were known last"
    : `not known, so these bindings hold for every namespace that they could select: ${bindings.byNamespaceLabels.join(", ")}`;
  return { "labels of namespaces": [`${outcome}: ${labels.problem}`] };
}

/** True when the API serves both kinds; undefined when it does not say. */
async function areServed(client: KubeClient, logger: Logger, signal: AbortSignal): Promise<boolean | undefined> {
  try {
    const path = `/apis/${group.group}/${group.version}`;
    const answer = await client.request({
      method: "GET",
      path,
      accept: "application/json",
      signal,
      timeoutMs: patienceMs,
    });
    const { resources } = answer as { readonly resources?: unknown };
    const names = Array.isArray(resources) ? resources.map((one: { readonly name?: unknown }) => one.name) : [];
    return names.includes(rulesResource.plural) && names.includes(bindingsResource.plural);
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
    logger.warn(
      "it is not known whether the API serves rules, it is asked again: those that the sensor brings along run",
      { error },
    );
    return undefined;
  }
}
