import type { Decision } from "@kinglet/admission";
import type { KubeClient } from "@kinglet/kube-client";
import { EventRecorder } from "@kinglet/kube-client/controller";
import type { Service } from "../../service/serve-applet.ts";

/** Kubernetes Events about refused and warned requests. */
export interface ClusterEvents extends AsyncDisposable {
  report(decision: Decision): void;
  drain(timeoutMs: number): Promise<void>;
}

/**
 * Writes them about the owner of the object where it has one, else about the object, and where the server is still to name it about its namespace. The same thing again is
 * counted in the first event.
 *
 * @internal
 */
export function openClusterEvents({
  service,
  client,
}: {
  readonly service: Service;
  readonly client: KubeClient;
}): ClusterEvents {
  const { context, logging, metrics } = service;
  const recorder = new EventRecorder({
    client,
    reportingController: "kinglet.dev/admission-controller",
    reportingInstance: (context.env["HOSTNAME"] ?? context.name).slice(0, 128),
    clock: context.clock,
    logger: logging.logger("events"),
    metrics,
    maxQueued: 200,
    maxRemembered: 500,
  });
  const stopping = new AbortController();
  const running = recorder.run({ signal: stopping.signal, drainMs: 1000 }).catch((error: unknown) => {
    service.logger.warn("Kubernetes Events are no longer written", { error });
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return {
    report({ answer, findings, subject }) {
      if (subject === undefined) return;
      const isDenied = answer.outcome === "denied";
      const names = findings.filter(({ mode }) => mode === (isDenied ? "deny" : "warn"));
      const { namespace, owner } = subject;
      const about =
        owner !== undefined
          ? { ...owner, namespace }
          : subject.name === ""
            ? { apiVersion: "v1", kind: "Namespace", name: namespace, namespace }
            : {
                apiVersion: subject.apiVersion,
                kind: subject.kind,
                name: subject.name,
                namespace,
                uid: subject.uid || undefined,
              };
      recorder.record({
        regarding: about,
        type: "Warning",
        reason: isDenied ? "PolicyDenied" : "PolicyWarned",
        action: "Admission",
        note: `${subject.operation} of ${subject.kind} ${subject.name} by ${subject.user}: ${names.map(({ verdict }) => verdict.policy.name).join(", ")}`,
      });
    },
    drain: stop,
    [Symbol.asyncDispose]: stop,
  };
}
