import {
  certificatePaths,
  followConfigMap,
  followFolder,
  readCertificate,
  watchFiles,
  WebhookServer,
} from "@kinglet/admission";
import type { ReadinessCondition, ReadinessRegistry } from "@kinglet/endpoints";
import { parseBind } from "@kinglet/endpoints";
import { createError, describeError } from "@kinglet/errors";
import { sleep, whenAborted } from "@kinglet/lifecycle";
import { kingletErrors } from "../../errors.ts";
import type { Service } from "../../service/serve-applet.ts";
import type { AdmissionParts } from "./admission-parts.ts";
import { certificateMetrics } from "./certificate-metrics.ts";
import type { AdmissionConfig } from "./config.ts";

/** How long reviews are answered after the stop signal: until the API server no longer sends any. Milliseconds. */
const serveOnMs = 10_000;
/** How long reviews that begin even later may take, milliseconds. */
const hurryMs = 5000;
/** How long alerts get to leave, milliseconds. */
const drainMs = 1500;

/** Connections at a time: API servers keep up to 25 each. */
const maxConnections = 256;

/** What must be in order before reviews are answered. */
export interface AdmissionConditions {
  readonly policies: ReadinessCondition;
  readonly certificate: ReadinessCondition;
}

/** Registers the conditions; before the listener opens, or its first answers would say ready. */
export function registerConditions(readiness: ReadinessRegistry): AdmissionConditions {
  return {
    policies: readiness.register("policies", "starting"),
    certificate: readiness.register("certificate", "starting"),
  };
}

/**
 * Runs an admission controller until its signal fires. Then it is not ready at once, answers for ten seconds more with connections that end, lets what is under way
 * finish, and closes.
 *
 * @throws the first fault of a part: a part that ends by itself is a crash.
 *
 * @internal
 */
export async function runAdmission(
  parts: AdmissionParts,
  config: AdmissionConfig,
  service: Service,
  conditions: AdmissionConditions,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { context, logger } = service;
  const { clock, signal } = context;
  const running = new AbortController();
  const crash = Promise.withResolvers<never>();
  const servers = stack.use(new AsyncDisposableStack());
  stack.defer(
    service.readiness.onChange((isReady) => {
      if (isReady) logger.info("ready", { policies: parts.store.active?.size, port: parts.listening.server?.port });
    }),
  );
  serveWhenCertified(parts, config, service, conditions, servers, (error) => crash.reject(error));
  parts.changes.onPolicies = () => {
    parts.reviews.follow?.();
    service.memory.settle();
    if (parts.store.active === undefined) conditions.policies.notReady(parts.store.problem);
    else openWithNeeds();
  };
  // Policies that ask about the cluster have their answers before the first review; others wait for nothing.
  const openWithNeeds = (): void => {
    if (signal.aborted) return;
    const needs = parts.store.active?.needs() ?? new Set();
    const ready = (): void => {
      if (!signal.aborted) conditions.policies.ready();
    };
    if (needs.size === 0 || !config.clusterData) ready();
    else parts.openReviews().then(ready, crash.reject);
  };
  conditions.policies.notReady("no policy bundle has arrived yet");
  await parts.store.loadCopy();
  if (config.policyDir !== undefined) stack.use(followFolder(config.policyDir, parts.store, clock));
  const following = config.policyApi ? followApi(parts, config, service, running.signal, crash.reject) : undefined;
  try {
    await Promise.race([crash.promise, parts.reports.closed, whenAborted(signal)]);
    logger.info("stopping", { underWay: parts.reviews.endpoint?.underWay ?? 0 });
    for (const condition of Object.values(conditions)) (condition as ReadinessCondition).notReady("stopping");
    parts.reviews.endpoint?.drain();
    await sleep(serveOnMs, { clock });
    parts.reviews.endpoint?.hurry(hurryMs);
    await servers.disposeAsync();
    await parts.reports.drain(drainMs);
  } finally {
    running.abort(new Error("stopping"));
    await following;
  }
}

/** Opens the listener with the first usable certificate, and uses every later one for new connections. */
function serveWhenCertified(
  parts: AdmissionParts,
  config: AdmissionConfig,
  service: Service,
  { certificate }: AdmissionConditions,
  servers: AsyncDisposableStack,
  onFault: (error: unknown) => void,
): void {
  const { context, logger, metrics } = service;
  const { clock } = context;
  const { listening, reviews } = parts;
  const told = certificateMetrics(metrics);
  listening.certificateExpires = () => told.expires();
  let opening: Promise<void> | undefined;
  const open = async (found: ReturnType<typeof readCertificate>): Promise<void> => {
    const bind = parseBind(config.bind);
    if (bind === undefined) throw createError(kingletErrors, "KINGLET_ERR_KINGLET_PART_ENDED", { part: "the webhook" });
    const server = await WebhookServer.open({
      bind,
      certificate: found,
      maxConnections,
      clock,
      metrics,
      handle: async (request, response) => {
        // Loaded with the first request: a controller that nobody asks does without.
        if (reviews.endpoint === undefined) await parts.openReviews();
        return reviews.endpoint?.handle(request, response);
      },
    });
    servers.use(server);
    listening.server = server;
    if (!context.signal.aborted) certificate.ready();
    logger.info("the webhook listens", { port: server.port });
  };
  const look = (): void => {
    try {
      const found = readCertificate(config.certificateDir);
      if (listening.server === undefined) opening ??= open(found).catch(onFault);
      else listening.server.replaceCertificate(found);
      told.loaded(found.certificatePem);
      logger.info("the serving certificate is in use");
    } catch (error) {
      told.failed();
      if (listening.server === undefined) certificate.notReady(describeError(error));
      logger.warn("the serving certificate cannot be used", { error });
    }
  };
  look();
  servers.use(watchFiles(certificatePaths(config.certificateDir), look, clock));
}

async function followApi(
  parts: AdmissionParts,
  config: AdmissionConfig,
  { context, logging, metrics }: Service,
  signal: AbortSignal,
  onCrash: (error: unknown) => void,
): Promise<void> {
  const { client, store, ownNamespace } = parts;
  try {
    await followConfigMap(
      {
        client,
        namespace: config.policyNamespace ?? ownNamespace ?? "kinglet",
        store,
        clock: context.clock,
        logger: logging.logger("informer"),
        metrics,
      },
      { signal },
    );
  } catch (error) {
    if (!signal.aborted) onCrash(error);
  }
}
