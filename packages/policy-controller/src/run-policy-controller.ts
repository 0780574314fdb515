import { systemClock, type Clock } from "@kinglet/lifecycle";
import { createApiDiscovery, createInformer, type Informer, type KubeClient } from "@kinglet/kube-client";
import { enqueueObjects, LOW_PRIORITY, runController, WorkQueue } from "@kinglet/kube-client/controller";
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
import { bundleKey, PolicyReconciler, type ControlledKind } from "./policy-reconciler.ts";
import { configMaps, ruleResources, securityPolicies, type ControlledObject } from "./resources/controlled-resource.ts";
import { judgePolicy } from "./resources/judge-policy.ts";
import { createRulesJudge } from "./resources/judge-rules.ts";
import { ResourceBook } from "./resources/resource-book.ts";

/** What the controller works with. @public */
export interface PolicyControllerOptions {
  readonly client: KubeClient;
  /** Where the policies are, and where the bundle is written. */
  readonly namespace: string;
  /** Registration of the webhook; absent: somebody else registers it. */
  readonly webhook?: Omit<CertificateReconcilerOptions, "client" | "clock" | "logger">;
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
  const kinds = await openKinds(policies, rules, writer, signal);
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
    onBundle: ({ writes, objects }) => {
      bundleWrites.add(writes);
      bundleObjects.set(objects);
      for (const { prefix, book } of kinds) resources.set(book.size, { kind: prefix });
      options.onReady?.();
    },
  });
  for (const { prefix, informer } of kinds) {
    (informer as Informer<ControlledObject>).addHandler(
      enqueueObjects(queue, (object) => [`${prefix}:${object.metadata.namespace ?? ""}/${object.metadata.name}`]),
    );
  }
  const watched = [policies, rules, ...watchOwnObjects(options, queue)];
  queue.add(bundleKey, { priority: 2 * LOW_PRIORITY });
  if (options.webhook !== undefined) queue.add(certificatesKey);
  const { webhook } = options;
  // Where rules are served they are waited for: a bundle without them would take them out of force.
  const hasRules =
    (await createApiDiscovery(client).find({ group: "kubescape.io", kind: "Rules" }, { signal })) !== undefined;
  await Promise.all([
    ...watched.map((informer) => informer.run({ signal })),
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

/** The kinds with what was in force before this process: a policy that is invalid when it is first seen keeps its last valid content. */
async function openKinds(
  policies: Informer<ControlledObject>,
  rules: Informer<ControlledObject>,
  writer: BundleWriter,
  signal: AbortSignal,
): Promise<readonly ControlledKind[]> {
  const former = await writer.read(signal);
  return [
    {
      prefix: "policy",
      resource: securityPolicies,
      informer: policies,
      book: new ResourceBook(judgePolicy, byUid(former?.policies)),
      part: "policies",
      finalizer: policyFinalizer,
    },
    {
      prefix: "rules",
      resource: ruleResources,
      informer: rules,
      book: new ResourceBook(createRulesJudge(), byUid(former?.rules)),
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
