import { describeError, hasCode } from "@kinglet/errors";
import { createBackoff, sleep, systemClock, type Clock } from "@kinglet/lifecycle";
import {
  createInformer,
  type Informer,
  type KubeClient,
  type ResourceDefinition,
  type Projection,
} from "@kinglet/kube-client";
import { enqueueObjects, runController, WorkQueue } from "@kinglet/kube-client/controller";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Metrics } from "@kinglet/metrics";
import { bundleName, type BundleObject } from "@kinglet/policy-engine/bundle";
import { BundleWriter } from "./bundle/bundle-writer.ts";
import {
  reconcileCertificates,
  secrets,
  validatingWebhookConfigurations,
} from "./certificates/reconcile-certificates.ts";
import type { CertificateReconcilerOptions } from "./certificates/reconcile-certificates.ts";
import { BUNDLE_OBJECTS, BUNDLE_WRITES_TOTAL, CERTIFICATE_WRITES_TOTAL, RESOURCES } from "./metrics.ts";
import { loadResourceJudges } from "./lazy.ts";
import { bundleKey, PolicyReconciler, type ControlledKind } from "./policy-reconciler.ts";
import { configMaps, ruleResources, securityPolicies, type ControlledObject } from "./resources/controlled-resource.ts";
import { ResourceBook } from "./resources/resource-book.ts";
import type { ResourceJudges } from "./resources/resource-judges.ts";

/** What the controller works with. @public */
export interface PolicyControllerOptions {
  readonly client: KubeClient;
  /** Where the policies are, and where the bundle is written. */
  readonly namespace: string;
  /** Registration of the webhook; absent: somebody else registers it. */
  readonly webhook?: Omit<CertificateReconcilerOptions, "client" | "clock" | "logger">;
  /** Who judges policies and rules. Absent: this process itself. */
  readonly judges?: ResourceJudges;
  /** Resources that are worked on at a time. @defaultValue 4 */
  readonly workers?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  /** Called once everything has been looked at for the first time. */
  readonly onReady?: () => void;
}

/** The finalizer of policies, as existing installations have it. */
const policyFinalizer = "securitypolicies.config.stackrox.io/finalizer";
const rulesFinalizer = "rules.kinglet.dev/finalizer";
const certificatesKey = "certificates";
/** How the keys of each kind begin in the queue. */
const prefixes = { policies: "policy", rules: "rules" } as const;

/** What is kept of objects of which only a change counts: name, namespace, uid and version. */
const onlyIdentity: Projection = { paths: [] };

/**
 * Runs everything that one config-controller at a time does: judges policies and rules, publishes them as one bundle, writes their conditions, and keeps the
 * webhook's certificates and registration as they should be. Resolves when the signal has fired and what was begun is done.
 *
 * In steady state it reads and writes nothing: everything comes by watches, and what is as it should be is not written.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_NOT_SYNCED when the first lists do not come within two minutes.
 * @public
 */
export async function runPolicyController(
  options: PolicyControllerOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { client, namespace, workers = 4, clock = systemClock, logger = noopLogger, metrics = noopMetrics } = options;
  const queue = new WorkQueue({ name: "policies", clock, metrics });
  const writer = new BundleWriter(client, namespace);
  const common = { clock, logger, metrics };
  const policies = createInformer<ControlledObject>(client, securityPolicies, { ...common, namespace });
  const rules = createInformer<ControlledObject>(client, ruleResources, common);
  const keys = (prefix: string) =>
    enqueueObjects(queue, ({ metadata }) => [`${prefix}:${metadata.namespace ?? ""}/${metadata.name}`]);
  policies.addHandler(keys(prefixes.policies));
  rules.addHandler(keys(prefixes.rules));
  const watched = [policies, rules, ...watchOwnObjects(options, queue)];
  // Lists come while it is found out what was in force: nothing is looked at before both are there.
  const watching = Promise.all(watched.map((informer) => informer.run({ signal })));
  // Awaited below.
  watching.catch(() => {});
  const found = await patiently(
    async () => {
      const [kinds, hasRules] = await Promise.all([
        openKinds(policies, rules, writer, options.judges, signal),
        // Where rules are served they are waited for: a bundle without them would take them out of force.
        isServed(client, ruleResources, signal),
      ]);
      return { kinds, hasRules };
    },
    { ...common, signal },
  );
  if (found === undefined) return void (await watching);
  const { kinds, hasRules } = found;
  const bundleWrites = metrics.counter(BUNDLE_WRITES_TOTAL);
  const bundleObjects = metrics.gauge(BUNDLE_OBJECTS);
  const resources = metrics.gauge(RESOURCES);
  const certificateWrites = metrics.counter(CERTIFICATE_WRITES_TOTAL);
  const reconciler = new PolicyReconciler({
    ...common,
    client,
    kinds,
    writer,
    queue,
    beforeBundle: async () => options.judges?.rest?.(),
    onBundle: ({ writes, objects }) => {
      bundleWrites.add(writes);
      bundleObjects.set(objects);
      for (const { prefix, book } of kinds) resources.set(book.size, { kind: prefix });
      options.onReady?.();
    },
  });
  // The first bundle before everything else: thousands of new policies take minutes until each has its finalizer.
  queue.add(bundleKey);
  if (options.webhook !== undefined) queue.add(certificatesKey);
  const { webhook } = options;
  await Promise.all([
    watching,
    runController(
      {
        ...common,
        name: "policies",
        queue,
        informers: hasRules ? [policies, rules] : [policies],
        workers,
        drainMs: 5000,
        reconcileTimeoutMs: 60_000,
        reconcile: async (key, context) => {
          if (key !== certificatesKey || webhook === undefined) return reconciler.reconcile(key, context);
          const pass = await reconcileCertificates({ ...webhook, ...common, client }, context.signal);
          certificateWrites.add(pass.writes);
          return { requeueAfterMs: pass.againAfterMs };
        },
      },
      { signal },
    ),
  ]);
}

/** Tries until it works, or until the signal fires: then undefined. */
async function patiently<T>(
  attempt: () => Promise<T>,
  { clock, logger, signal }: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const backoff = createBackoff({ initialMs: 500, maxMs: 30_000 });
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) break;
      logger.warn("the API server does not say what is there: it is asked again", { error: describeError(error) });
      await sleep(backoff.nextDelayMs(), { signal, clock }).catch(() => {});
    }
  }
  return undefined;
}

/** One question about one kind: what the whole server has is 0.2 MB of text. */
async function isServed(client: KubeClient, resource: ResourceDefinition, signal: AbortSignal): Promise<boolean> {
  const { group, version, plural } = resource;
  try {
    const path = `/apis/${group}/${version}`;
    const { resources } = (await client.request({ method: "GET", path, signal })) as { readonly resources?: unknown };
    return (
      Array.isArray(resources) && resources.some((one) => (one as { readonly name?: unknown } | null)?.name === plural)
    );
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
    throw error;
  }
}

/** The kinds with what was in force before this process: a policy that is invalid when it is first seen keeps its last valid content. */
async function openKinds(
  policies: Informer<ControlledObject>,
  rules: Informer<ControlledObject>,
  writer: BundleWriter,
  judges: ResourceJudges | undefined,
  signal: AbortSignal,
): Promise<readonly ControlledKind[]> {
  const judge = judges ?? (await loadResourceJudges()).openResourceJudges();
  const former = await writer.read(signal);
  return [
    {
      prefix: prefixes.policies,
      resource: securityPolicies,
      informer: policies,
      book: new ResourceBook(judge.policies, byUid(former?.policies)),
      part: "policies",
      finalizer: policyFinalizer,
    },
    {
      prefix: prefixes.rules,
      resource: ruleResources,
      informer: rules,
      book: new ResourceBook(judge.rules, byUid(former?.rules)),
      part: "rules",
      finalizer: rulesFinalizer,
    },
  ];
}

function byUid(objects: readonly BundleObject[] = []): ReadonlyMap<string, BundleObject> {
  return new Map(
    objects.flatMap((object) => (object.metadata.uid === undefined ? [] : [[object.metadata.uid, object]])),
  );
}

/** Watches what the controller writes itself, by name, so that somebody else's edit is noticed; only that there is one, not what. */
function watchOwnObjects(options: PolicyControllerOptions, queue: WorkQueue): readonly Informer<ControlledObject>[] {
  const { client, namespace, webhook } = options;
  const { clock = systemClock, logger = noopLogger, metrics = noopMetrics } = options;
  const watch = (
    resource: typeof secrets,
    name: string,
    key: string,
    inNamespace?: string,
  ): Informer<ControlledObject> => {
    const informer = createInformer<ControlledObject>(client, resource, {
      clock,
      logger,
      metrics,
      metadataOnly: true,
      projection: onlyIdentity,
      fieldSelector: `metadata.name=${name}`,
      ...(inNamespace === undefined ? {} : { namespace: inNamespace }),
    });
    informer.addHandler(enqueueObjects(queue, () => [key]));
    return informer;
  };
  const own = [watch(configMaps, bundleName, bundleKey, namespace)];
  if (webhook === undefined) return own;
  const { service, name } = webhook.webhook;
  return [
    ...own,
    watch(secrets, webhook.secretNames.authorities, certificatesKey, service.namespace),
    watch(secrets, webhook.secretNames.serving, certificatesKey, service.namespace),
    watch(validatingWebhookConfigurations, name, certificatesKey),
  ];
}
