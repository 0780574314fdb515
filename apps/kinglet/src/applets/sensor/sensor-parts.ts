import { accessSync, constants } from "node:fs";
import { AlertQueue, createStdoutSink } from "@kinglet/alert-sinks";
import type { FanOut } from "@kinglet/alert-sinks/exporters";
import { createDetector, type Detector } from "@kinglet/detection";
import { makeFolder } from "@kinglet/durable-files";
import { ContainerIndex, type ContainerIdentity } from "@kinglet/enrichment";
import { lazy } from "@kinglet/lazy-schema";
import type { PeerLookup } from "@kinglet/learning";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { createInformer, pods, type Informer, type KubeClient } from "@kinglet/kube-client";
import { containerLiveness, ProfileCache, type PodContainerNames } from "@kinglet/profile-cache";
import { createKubernetesProfileStore, openDirectoryProfileStore, type ProfileStore } from "@kinglet/storage-client";
import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";
import { openClient } from "../../service/open-client.ts";
import { openAlertOutput, type AlertOutput } from "./alerts/alert-output.ts";
import { ClusterView, workloadByName } from "./pods/cluster-view.ts";
import type { SensorConfig } from "./config.ts";
import { watchContainers, type ContainerWatch } from "./pods/container-watch.ts";
import { hasExporters } from "./alerts/alert-settings.ts";
import { alertCapacity, EventPipeline } from "./events/event-pipeline.ts";
import { openEventSource, type EventSource, type OpenedSource } from "./events/event-source.ts";
import { createDetectionHost } from "./rules/detection-host.ts";
import { loadAlertExporters, loadFindings, loadPeers, loadRuleRoom, loadRunNames } from "./lazy.ts";
import type { FindingIntake } from "./events/open-findings.ts";
import type { RuleRoom } from "./rules/rule-room.ts";
import { takesFindings } from "./events/event-settings.ts";
import { openLearning } from "./learning/open-learning.ts";
import type { Judgement } from "./events/judgement.ts";
import type { LearningSeam } from "./learning/learning-seam.ts";
import { scaled, type PartsContext } from "./parts-context.ts";
import type { PeerBook } from "./pods/peer-book.ts";
import type { PodDetails } from "./pods/pod-details.ts";
import { profileDataOf } from "./rules/profile-data.ts";
import { podProjection } from "./pods/projections.ts";

/** The parts of a sensor, opened and connected, not yet running. */
export interface SensorParts {
  readonly client: KubeClient;
  readonly pods: Informer<PodDetails>;
  readonly cluster: ClusterView | undefined;
  readonly index: ContainerIndex;
  readonly profiles: ProfileCache;
  readonly ignoredNamespaces: ReadonlySet<string>;
  /** Containers whose profile's name is being found out, by id. */
  readonly naming: ReadonlyMap<string, unknown>;
  readonly detector: Detector;
  readonly source: EventSource;
  readonly awaited: OpenedSource["awaited"];
  readonly alerts: AlertQueue;
  readonly output: AlertOutput;
  readonly pipeline: EventPipeline;
  /** Undefined when nothing is learned. */
  readonly learning: LearningSeam | undefined;
  /** Receivers of alerts besides standard output. */
  readonly exporters: FanOut | undefined;
  /** What other programs report; undefined when nothing of it is taken. */
  readonly findings: FindingIntake | undefined;
  /** Loads the rules, once. */
  readonly openRules: () => Promise<RuleRoom>;
  /** Filled once the rules are loaded. */
  readonly opened: { readonly rules?: RuleRoom };
  /** Resolves with the first watched container: its rules will be needed soon. */
  readonly firstContainer: Promise<void>;
  /** Resolves with the first event of a watched container: rules must be compiled then. */
  readonly firstEvent: Promise<void>;
  /** Filled once there was such an event. */
  readonly judging: { judgement?: Judgement };
  /** Loads what finds out whose an address is. */
  readonly openPeers: (signal: AbortSignal) => Promise<PeerBook>;
}

/** Sizes at the reference limit of 4,000 MiB; they scale with the container's. */
const waitingEvents = 20_000;
const cachedContainers = 40_000;
const waitingBytes = 268_435_456;
const peerAddresses = 65_536;
/** 12 MB in 96 MiB: with everything else full, too, the peak stays below the limit (sensor-memory.long). */
const profileBytes = 500_000_000;

/** An output that fails (a full disk) is tried for as long as it takes: giving up would lose the alert and move the checkpoint past it. */
const outputAttempts = Number.MAX_SAFE_INTEGER;

/** A reader that stalls is waited for, as long as a timer can: nothing is read meanwhile, and no alert is given up. Milliseconds. */
const stdoutPatienceMs = 2_000_000_000;

/**
 * Composition root of the sensor: opens every part in order onto `stack`, which closes them in reverse.
 *
 * @throws coded errors for a kubeconfig, event file or profile folder that cannot be used.
 *
 * @internal
 */
export async function openSensorParts(base: PartsContext, stack: AsyncDisposableStack): Promise<SensorParts> {
  const { config, context, logging, metrics, memoryLimitBytes } = base;
  const { clock } = context;
  const { access, client } = await openClient(config, base, stack);
  const ownNamespace = config.namespace ?? (access.origin === "in-cluster" ? access.namespace : undefined);
  const ignoredNamespaces = new Set(config.ignoreNamespaces);
  if (ownNamespace !== undefined) ignoredNamespaces.add(ownNamespace);

  const informerOptions = { clock, logger: logging.logger("informer"), metrics };
  const podInformer = createInformer<PodDetails>(client, pods, {
    ...informerOptions,
    projection: podProjection(),
    ...(config.scope === "node" ? { fieldSelector: `spec.nodeName=${config.nodeName ?? ""}` } : {}),
  });
  const cluster = config.scope === "cluster" ? new ClusterView(client, informerOptions) : undefined;
  prepareStateDir(config.stateDir);
  const { source, isContinued, awaited } = await openEventSource(base, stack);
  const index = stack.use(new ContainerIndex({ clock, metrics }));
  const store = await openProfileStore(config, client);
  const profiles = new ProfileCache({
    source: store,
    clock,
    logger: logging.logger("profile-cache"),
    metrics,
    maxEntries: scaled(cachedContainers, memoryLimitBytes),
    tickIntervalMs: config.profileRefresh,
    // Each connection that is open at the same time costs about 0.5 MB of TLS buffers for as long as the agent keeps it.
    maxParallelFetches: 2,
    maxProfileBytes: scaled(profileBytes, memoryLimitBytes),
    watchesMetadata: config.profileWatch,
    userProfiles: config.userProfiles,
    originalMetricNames: config.originalMetricNames,
    liveness: (ref) => {
      // While the pods are not current, one that is missing says nothing.
      if (podInformer.status.state !== "watching") return undefined;
      return containerLiveness(ref, podInformer.get(`${ref.namespace}/${ref.podName}`));
    },
    podContainers: (namespace, podName) => podContainerNames(podInformer.get(`${namespace}/${podName}`)),
  });
  const openRules = lazy(async () => {
    const { openRuleRoom } = await loadRuleRoom();
    const onRules = (rules: readonly RuleDefinition[], replaced: readonly RuleDefinition[]): void => {
      // Once rules are prepared, it is known what their expressions ask; until then, what they declare.
      if (!detector.isPrepared) profiles.setProfileDataRequired(profileDataOf([...rules, ...replaced]));
      detector.setRules(rules);
    };
    const logger = logging.logger("detection");
    const { signal } = context;
    const tools = { createInformer, informer: informerOptions, clock, logger, metrics, signal };
    const room = await openRuleRoom({ config, client, onRules, ...tools });
    profiles.setProfileDataRequired(profileDataOf([...room.rules, ...room.replaced]));
    opened.rules = room;
    return room;
  });
  const opened: { rules?: RuleRoom } = {};
  const firstContainer = Promise.withResolvers<void>();
  const scaledSize = (size: number): number => scaled(size, memoryLimitBytes);
  const isHostNetwork = ({ namespace, podName }: ContainerIdentity): boolean =>
    podInformer.get(`${namespace}/${podName}`)?.spec.hostNetwork === true;
  const judging: SensorParts["judging"] = {};
  const peers: PeerLookup = { peerOf: (address) => judging.judgement?.peers.peerOf(address) };
  const namesakes = index.namesakes.bind(index);
  const parts = { clock, logger: logging.logger("learning"), metrics, isHostNetwork, namesakes, peers };
  const learning = openLearning(
    { config, client, store, profiles, source, isContinued, scaled: scaledSize, ...parts },
    stack,
  );
  const serviceHost = context.env["KUBERNETES_SERVICE_HOST"];
  const detector: Detector = createDetector({
    rules: async () => {
      const room = await openRules();
      await room.isSettled;
      return room.rules;
    },
    rulesFor: (container) => opened.rules?.selectionFor(container),
    fallbackFor: (ruleId) => opened.rules?.fallbackFor(ruleId),
    onProfileData: (rules) => profiles.setProfileDataRequired(profileDataOf(rules)),
    host: createDetectionHost({
      podOf: (namespace, podName) => podInformer.get(`${namespace}/${podName}`),
      apiServerAddresses: serviceHost === undefined || serviceHost === "" ? [] : [serviceHost],
      procRoot: config.auditProcRoot,
    }),
    ...(learning === undefined ? {} : { learning: learning.hooks }),
    profiles,
    peers,
    clusterName: config.clusterName,
    nodeName: config.nodeName ?? "",
    workloadOf: (container: ContainerIdentity) => cluster?.workloadOf(container) ?? workloadByName(container),
    logger: logging.logger("detection"),
    metrics,
  });
  const maxWaiting = scaled(waitingEvents, memoryLimitBytes);
  const isTerminal = context.stdout.isTerminal;
  const output = openAlertOutput(context.stdout);
  const exporters = await openExporters(base, stack);
  const alerts: AlertQueue = new AlertQueue({
    sinks: [
      createStdoutSink({
        write: (line) => output.write(line),
        format: config.output === "text" || (config.output === "auto" && isTerminal) ? "console" : "json",
        color: isTerminal && config.output !== "json" && (context.env["NO_COLOR"] ?? "") === "",
      }),
      // Waits for no receiver: what it took is on disk, and counts as left once standard output has it, too.
      ...(exporters === undefined ? [] : [exporters]),
    ],
    maxEntries: alertCapacity(maxWaiting),
    publishTimeoutMs: stdoutPatienceMs,
    maxAttempts: outputAttempts,
    clock,
    logger: logging.logger("alert-sinks"),
    metrics,
    onConfirmed: async (alert, sequence) => {
      if (sequence >= 0) await pipeline.confirmed(alert, sequence);
      // A summary belongs to no event.
      else judging.judgement?.filter.told(alert);
    },
    onFailed: async (_alert, sequence) => pipeline.abandoned(sequence),
  });
  const firstEvent = Promise.withResolvers<void>();
  const pipeline: EventPipeline = stack.use(
    new EventPipeline(
      {
        source,
        index,
        isIndexCurrent: () => podInformer.status.state === "watching",
        detector,
        isProfileKnown: (id) => !watch.naming.has(id) && profiles.isKnown(id),
        isLearning: learning !== undefined,
        ...(learning === undefined ? {} : { onMissed: (event, containerId) => learning.missed(event, containerId) }),
        onFirstEvent: firstEvent.resolve,
        ignoredNamespaces,
        maxWaiting,
        maxWaitingBytes: scaled(waitingBytes, memoryLimitBytes),
        clock,
        logger: logging.logger("sensor"),
        metrics,
      },
      alerts,
    ),
  );
  const watch: ContainerWatch = watchContainers({
    pods: podInformer,
    index,
    profiles,
    pipeline,
    ignoredNamespaces,
    openRunNames: async () => {
      const { RunNames } = await loadRunNames();
      return new RunNames({ client, clock, logger: logging.logger("sensor") });
    },
    onFirstContainer: firstContainer.resolve,
    ...(learning === undefined ? {} : { learning: (note) => learning.note(note), isLearning: () => learning.isAsked }),
    logger: logging.logger("sensor"),
  });
  stack.defer(watch.stop);
  stack.defer(profiles.onKnown((containerId) => pipeline.profileChanged(containerId)));
  stack.defer(
    profiles.onChange(({ containerId, profile }) => {
      // Another sensor may have completed what this one is still learning.
      if (profile === undefined || profile.status !== "completed" || !profile.origin.startsWith("learned")) return;
      learning?.learning?.learner.profileCompleted(containerId, profile.completion);
    }),
  );
  // Files are read at the start: who wrote them is there to see what is wrong with them.
  if (config.rulesDir !== undefined) await openRules();
  return {
    client,
    pods: podInformer,
    cluster,
    index,
    profiles,
    ignoredNamespaces,
    naming: watch.naming,
    detector,
    source,
    awaited,
    alerts,
    output,
    pipeline,
    learning,
    exporters,
    findings: takesFindings(config) ? await (await loadFindings()).openFindings(base, stack) : undefined,
    openRules,
    opened,
    firstContainer: firstContainer.promise,
    firstEvent: firstEvent.promise,
    judging,
    openPeers: async (signal) => {
      const { PeerBook } = await loadPeers();
      const maxEntries = scaled(peerAddresses, memoryLimitBytes);
      const logger = logging.logger("sensor");
      return new PeerBook({
        client,
        pods: podInformer,
        hasAllPods: cluster !== undefined,
        maxEntries,
        signal,
        clock,
        logger,
        metrics,
      });
    },
  };
}

async function openExporters(
  { config, context, logging, metrics }: PartsContext,
  stack: AsyncDisposableStack,
): Promise<FanOut | undefined> {
  if (!hasExporters(config)) return undefined;
  const { openAlertExporters } = await loadAlertExporters();
  const spool = { folder: `${config.stateDir}/alerts` };
  const parts = { clock: context.clock, logger: logging.logger("alert-sinks"), metrics, spool };
  return stack.use(openAlertExporters(config, context.env, parts));
}

/** Without a place for the checkpoint a restart would lose events or repeat alerts: better said at the start than found out then. */
function prepareStateDir(path: string): void {
  try {
    makeFolder(path, 0o700);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_STATE_DIR", { path, reason }, { cause: error });
  }
}

function openProfileStore(config: SensorConfig, client: KubeClient): Promise<ProfileStore> | ProfileStore {
  if (config.profileStore === "kubernetes") return createKubernetesProfileStore(client);
  return openDirectoryProfileStore({ path: config.profileDir ?? "" });
}

/** Which containers overlays should describe. */
function podContainerNames(pod: PodDetails | undefined): PodContainerNames | undefined {
  if (pod === undefined) return undefined;
  const names = (items: readonly { readonly name: string }[] = []): readonly string[] => items.map(({ name }) => name);
  const { containers, initContainers, ephemeralContainers } = pod.spec;
  return {
    containers: names(containers),
    initContainers: names(initContainers),
    ephemeralContainers: names(ephemeralContainers),
  };
}
