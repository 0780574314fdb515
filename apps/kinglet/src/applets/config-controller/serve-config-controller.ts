import { createError } from "@kinglet/errors";
import { createBackoff, sleep } from "@kinglet/lifecycle";
import type { KubeClient } from "@kinglet/kube-client";
import { runAsLeader } from "@kinglet/kube-client/controller";
import type { MemoryLimit } from "@kinglet/memory-limit";
import { runPolicyController, type PolicyControllerOptions } from "@kinglet/policy-controller";
import type { ReadinessCondition } from "@kinglet/endpoints";
import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { kingletErrors } from "../../errors.ts";
import { openClient } from "../../service/open-client.ts";
import { serveApplet, type Service } from "../../service/serve-applet.ts";
import type { ConfigControllerConfig } from "./config.ts";
import { createWorkProcess, type WorkProcess } from "./work-process.ts";

/** After five seconds for what is under way, a stop stays below ten. Milliseconds. */
const closeWithinMs = 2500;

/** Where the policies are when nobody says and the program does not run in a pod. */
const defaultNamespace = "kinglet";

/** What must be in order before the program is ready; an instance that waits for the lease is. */
interface Conditions {
  readonly cluster: ReadinessCondition;
  readonly policies: ReadinessCondition;
}

/**
 * From checked settings to the exit code.
 *
 * @internal
 */
export function serveConfigController(
  config: ConfigControllerConfig,
  warnings: readonly string[],
  limit: MemoryLimit,
  context: AppletContext,
): Promise<ExitCode> {
  let conditions: Conditions | undefined;
  return serveApplet(config, warnings, limit, context, {
    prepare: ({ readiness }) => {
      conditions = {
        cluster: readiness.register("cluster", "starting"),
        policies: readiness.register("policies", "starting"),
      };
      return readiness;
    },
    debugRoutes: {},
    run: async (service, stack) => {
      if (conditions !== undefined) await run(config, service, conditions, stack);
    },
    wrongSettings: [],
    unusableInputs: [],
    closeWithinMs,
  });
}

async function run(
  config: ConfigControllerConfig,
  service: Service,
  { cluster, policies }: Conditions,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { context, logging, metrics, logger } = service;
  const { clock, signal } = context;
  const { access, client } = await openClient(config, service, stack, { asksForJson: true });
  const namespace = config.namespace ?? access.namespace ?? defaultNamespace;
  let isLeading = false;
  // Asked beside the lease, not before it: an exchange less until the controller is ready.
  void waitForApi(client, cluster, context).then(() => {
    // Who waits for the lease is ready to take over.
    if (!isLeading && !signal.aborted) policies.ready();
  });
  const work = stack.use(createWorkProcess(context));
  const pod = context.env["HOSTNAME"] ?? "config-controller";
  await runAsLeader(
    {
      client,
      namespace,
      name: config.leaseName,
      identity: `${pod}_${String(context.process.pid)}_${Math.random().toString(36).slice(2, 10)}`,
      leaseDurationMs: config.leaseDuration,
      renewDeadlineMs: Math.floor((config.leaseDuration * 2) / 3),
      retryMs: Math.floor((config.leaseDuration * 2) / 15),
      logger: logging.logger("lease"),
      metrics,
      clock,
    },
    {
      signal,
      lead: (leading) => {
        isLeading = true;
        policies.notReady("the first bundle is being made");
        let isReady = false;
        const options: PolicyControllerOptions = {
          client,
          namespace,
          clock,
          metrics,
          logger: logging.logger("policies"),
          judges: work.judges,
          ...webhookOf(config, namespace, work),
          onReady: () => {
            if (isReady) return;
            isReady = true;
            cluster.ready();
            policies.ready();
            logger.info("ready", { namespace });
          },
        };
        return runPolicyController(options, { signal: leading });
      },
    },
  );
  if (!signal.aborted) throw createError(kingletErrors, "KINGLET_ERR_KINGLET_PART_ENDED", { part: "the controller" });
}

function webhookOf(
  config: ConfigControllerConfig,
  namespace: string,
  { issuer }: WorkProcess,
): Pick<PolicyControllerOptions, "webhook"> {
  if (!config.webhook) return {};
  return {
    webhook: {
      issuer,
      secretNames: { authorities: config.authoritySecret, serving: config.servingSecret },
      times: {
        authorityMs: config.authorityLifetime * 3_600_000,
        servingMs: config.certificateLifetime * 3_600_000,
        overlapMs: config.rotationOverlap * 1000,
        skewMs: 300_000,
      },
      webhook: {
        name: config.webhookName,
        service: { namespace, name: config.webhookService, port: config.webhookPort },
        failurePolicy: { deploy: config.failurePolicy, events: config.eventsFailurePolicy },
        timeoutSeconds: config.webhookTimeout,
        excludedNamespaces: config.excludedNamespaces,
      },
    },
  };
}

/** Waits until the API server answers, saying why it does not. */
async function waitForApi(client: KubeClient, condition: ReadinessCondition, context: AppletContext): Promise<void> {
  const { signal, clock } = context;
  const backoff = createBackoff({ initialMs: 500, maxMs: 10_000 });
  while (!signal.aborted) {
    try {
      await client.request({ method: "GET", path: "/version", signal });
      condition.ready();
      return;
    } catch (error) {
      condition.notReady(`${client.server}: ${error instanceof Error ? error.message : "no answer"}`);
      await sleep(backoff.nextDelayMs(), { signal, clock }).catch(() => {});
    }
  }
}
