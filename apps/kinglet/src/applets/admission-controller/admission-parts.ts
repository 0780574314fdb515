import { join } from "node:path";
import {
  exemptNamespaces,
  failClosed,
  loadReviewParts,
  PolicyStore,
  watchFiles,
  type Decision,
  type ReviewEndpointOptions,
  type WebhookServer,
} from "@kinglet/admission";
import type { KubeClient } from "@kinglet/kube-client";
import { scale } from "@kinglet/memory-limit";
import { openClient } from "../../service/open-client.ts";
import type { Service } from "../../service/serve-applet.ts";
import { openDecisionReports, type DecisionReports } from "./decision-reports.ts";
import type { AdmissionConfig } from "./config.ts";

/** The endpoint, once it is there. */
type ReviewEndpoint = InstanceType<Awaited<ReturnType<typeof loadReviewParts>>["ReviewEndpoint"]>;

/** The parts of an admission controller, opened and connected, not yet running. */
export interface AdmissionParts {
  readonly client: KubeClient;
  /** Namespace this program runs in; undefined where nobody says. */
  readonly ownNamespace: string | undefined;
  readonly store: PolicyStore;
  readonly reports: DecisionReports;
  /** Filled with the first request. */
  readonly reviews: { endpoint?: ReviewEndpoint; follow?: () => void };
  /** Filled when there is a certificate. */
  readonly listening: { server?: WebhookServer; certificateExpires: () => string };
  /** Told by the store. */
  readonly changes: { onPolicies: () => void };
  /** Loads what answers reviews. */
  openReviews(): Promise<void>;
}

/** The API server sends at most 3 MiB for each of two objects, and a little around them. */
const maxBodyBytes = 7 * 1024 * 1024;
/** Bodies are parsed one after the other; what is held of others meanwhile is this part of the memory limit. */
const bodyShare = 10;
/** Sizes at the reference limit of 4,000 MiB; they scale with the container's. */
const imageCacheBytes = 209_715_200;
const reviewsAtReference = 4000;

/**
 * Composition root of the admission controller: opens every part in order onto `stack`, which closes them in reverse.
 *
 * @throws coded errors for a kubeconfig that cannot be used.
 *
 * @internal
 */
export async function openAdmissionParts(
  { config, service }: { readonly config: AdmissionConfig; readonly service: Service },
  stack: AsyncDisposableStack,
): Promise<AdmissionParts> {
  const { context, logging, metrics, memory } = service;
  const { clock } = context;
  const { access, client } = await openClient(config, service, stack);
  const ownNamespace = config.namespace ?? (access.origin === "in-cluster" ? access.namespace : undefined);
  const changes = { onPolicies: (): void => {} };
  const reviews: AdmissionParts["reviews"] = {};
  const store = new PolicyStore({
    clock,
    logger: logging.logger("policies"),
    metrics,
    copyPath: config.stateDir === "" ? undefined : join(config.stateDir, "policies.bundle"),
    matching: { exactNames: config.exactNames, requireEach: config.requireEach },
    onChange: () => changes.onPolicies(),
    beforeWork: () => reviews.endpoint?.expectDelay(),
  });
  const reports = stack.use(openDecisionReports({ config, service, client }));
  const limit = memory.limitBytes;
  const onTimeout = { validate: config.onTimeout, events: config.eventsOnTimeout } as const;
  const isFailClosed = metrics.gauge(failClosed);
  for (const [webhook, answer] of Object.entries(onTimeout)) isFailClosed.set(answer === "deny" ? 1 : 0, { webhook });
  const openReviews = async (): Promise<void> => {
    const parts = await loadReviewParts();
    if (reviews.endpoint !== undefined) return;
    const surroundings = stack.use(
      new parts.ClusterSurroundings({
        client,
        clock,
        logger: logging.logger("informer"),
        metrics,
        cluster: config.clusterName,
      }),
    );
    reviews.follow = () => {
      if (config.clusterData) surroundings.follow(store.active?.needs() ?? new Set());
    };
    reviews.follow();
    const { imageFile } = config;
    const images =
      imageFile === undefined
        ? undefined
        : new parts.ImageMetadataCache(parts.createFileImageSource(imageFile), {
            clock,
            metrics,
            maxBytes: scale(imageCacheBytes, { limit }).value,
          });
    // What was read of an older file is not what the file says.
    if (imageFile !== undefined) stack.use(watchFiles([imageFile], () => images?.invalidateAll(), clock));
    const decider = new parts.AdmissionDecider({
      store,
      onTimeout,
      metrics,
      onDecision: (decision: Decision) => reports.report(decision),
      environment: {
        bypass: {
          exempt: exemptNamespaces(ownNamespace, config.exemptNamespaces),
          operations: new Set(config.operations),
          allowsBreakGlass: config.breakGlass,
        },
        defaultMode: config.defaultMode,
        workloads: parts.createKubeWorkloadSource(client, clock),
        images,
        surroundings: (namespace) => surroundings.of(namespace),
        isFollowed: (need) => surroundings.isFollowed(need),
        readWorkload: parts.readWorkload,
      },
    });
    const options: ReviewEndpointOptions = {
      decider,
      onTimeout,
      timeoutMs: config.reviewTimeout,
      maxBodyBytes,
      maxBytesUnderWay: limit === undefined ? 16 * maxBodyBytes : Math.max(maxBodyBytes, Math.floor(limit / bodyShare)),
      maxReviews: Math.max(64, limit === undefined ? 1000 : scale(reviewsAtReference, { limit }).value),
      clock,
      logger: logging.logger("reviews"),
      metrics,
    };
    reviews.endpoint = stack.use(new parts.ReviewEndpoint(options));
  };
  return {
    client,
    ownNamespace,
    store,
    reports,
    reviews,
    listening: { certificateExpires: () => "" },
    changes,
    openReviews,
  };
}
