import type { Decision } from "@kinglet/admission";
import type { KubeClient } from "@kinglet/kube-client";
import type { Service } from "../../service/serve-applet.ts";
import type { AdmissionAlerts } from "./admission-alerts.ts";
import type { ClusterEvents } from "./cluster-events.ts";
import type { AdmissionConfig } from "./config.ts";
import { loadAdmissionAlerts, loadClusterEvents } from "./lazy.ts";

/**
 * Tells others about decisions: alerts, and Kubernetes Events.
 *
 * @internal
 */
export interface DecisionReports extends AsyncDisposable {
  /** Never throws and never waits. */
  report(decision: Decision): void;
  /** Rejects when alerts cannot leave any more. */
  readonly closed: Promise<never>;
  /** Lets what waits leave. */
  drain(timeoutMs: number): Promise<void>;
}

/** Loads nothing before the first violated policy. @internal */
export function openDecisionReports(base: {
  readonly config: AdmissionConfig;
  readonly service: Service;
  readonly client: KubeClient;
}): DecisionReports {
  const { config, service } = base;
  const closed = Promise.withResolvers<never>();
  // Nobody may be listening yet, or any more.
  closed.promise.catch(() => {});
  let alerts: Promise<AdmissionAlerts> | undefined;
  let events: Promise<ClusterEvents> | undefined;
  const loadAlerts = async (): Promise<AdmissionAlerts> => {
    const { openAdmissionAlerts } = await loadAdmissionAlerts();
    return openAdmissionAlerts({ config, service, onFault: closed.reject });
  };
  const loadEvents = async (): Promise<ClusterEvents> => {
    const { openClusterEvents } = await loadClusterEvents();
    return openClusterEvents({ service, client: base.client });
  };
  return {
    closed: closed.promise,
    report(decision) {
      alerts ??= loadAlerts();
      alerts.then((opened) => opened.report(decision), closed.reject);
      const { outcome } = decision.answer;
      if (!config.kubernetesEvents || (outcome !== "denied" && outcome !== "warned")) return;
      events ??= loadEvents();
      events.then((opened) => opened.report(decision), closed.reject);
    },
    async drain(timeoutMs) {
      await (await alerts)?.drain(timeoutMs);
      await (await events)?.drain(timeoutMs);
    },
    async [Symbol.asyncDispose]() {
      await (await alerts)?.[Symbol.asyncDispose]();
      await (await events)?.[Symbol.asyncDispose]();
    },
  };
}
