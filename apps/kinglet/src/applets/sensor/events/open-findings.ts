import { join } from "node:path";
import { createAlertFromFinding, type Alert } from "@kinglet/detection";
import type { Finding } from "@kinglet/enrichment";
import { createFalcoRoute } from "@kinglet/runtime-events/falco";
import {
  AuditIntake,
  createKubernetesAuditRoute,
  openKubernetesAuditLog,
} from "@kinglet/runtime-events/kubernetes-audit";
import { FindingQueue, openWebhookListener, type WebhookRoute } from "@kinglet/runtime-events/webhook";
import type { PartsContext } from "../parts-context.ts";

/** What takes findings of other programs; open, not yet handing them on. @internal */
export interface FindingIntake {
  /** Makes an alert of each finding until the signal fires; `deliver` makes the next one wait. */
  run(options: { readonly signal: AbortSignal; readonly deliver: (alert: Alert) => Promise<void> }): Promise<void>;
}

/**
 * Opens the listeners and the log that the settings name. Two that are bound to one address are one listener.
 *
 * @throws coded errors for addresses and files that cannot be used.
 *
 * @internal
 */
export async function openFindings(base: PartsContext, stack: AsyncDisposableStack): Promise<FindingIntake> {
  const { config, context, logging, metrics } = base;
  const { clock } = context;
  const logger = logging.logger("runtime-events");
  const queue = stack.use(new FindingQueue({ maxEntries: config.findingQueue, metrics }));
  const takesAudit = config.kubernetesAuditBind !== undefined || config.kubernetesAuditLog !== undefined;
  const intake = takesAudit ? new AuditIntake({ metrics, clock }) : undefined;
  const routes = new Map<string, WebhookRoute[]>();
  const add = (bind: string | undefined, route: () => WebhookRoute): void => {
    if (bind !== undefined) routes.set(bind, [...(routes.get(bind) ?? []), route()]);
  };
  if (intake !== undefined) add(config.kubernetesAuditBind, () => createKubernetesAuditRoute({ intake, queue }));
  add(config.falcoBind, () => createFalcoRoute({ queue, clock, metrics }));
  const { webhookTlsCert, webhookTlsKey, webhookClientCa, webhookClientNames, webhookTokenFile } = config;
  for (const [bind, ofAddress] of routes) {
    stack.use(
      await openWebhookListener({
        bind,
        routes: ofAddress,
        ...(webhookTlsCert === undefined || webhookTlsKey === undefined
          ? {}
          : { certificate: { certificateFile: webhookTlsCert, keyFile: webhookTlsKey } }),
        ...(webhookClientCa === undefined ? {} : { clientAuthorityFile: webhookClientCa }),
        ...(webhookClientNames.length === 0 ? {} : { clientNames: webhookClientNames }),
        ...(webhookTokenFile === undefined ? {} : { tokenFile: webhookTokenFile }),
        clock,
        logger,
        metrics,
      }),
    );
  }
  const log =
    intake === undefined || config.kubernetesAuditLog === undefined
      ? undefined
      : stack.use(
          await openKubernetesAuditLog({
            path: config.kubernetesAuditLog,
            checkpointPath: join(config.stateDir, "kubernetes-audit-checkpoint.json"),
            startAt: config.startAt === "end" ? "checkpoint-or-end" : "checkpoint-or-beginning",
            intake,
            clock,
            logger,
            metrics,
          }),
        );
  // The node of this process has nothing to do with what they found.
  const origin = { clusterName: config.clusterName, nodeName: "" };
  return {
    run: async ({ signal, deliver }) => {
      const take = (finding: Finding): Promise<void> => deliver(createAlertFromFinding(finding, origin));
      await Promise.all([queue.run({ signal, deliver: take }), log?.run({ signal, deliver: take })]);
    },
  };
}
