import type { AppletModule } from "./applet-context.ts";

/**
 * One row of the applet table.
 *
 * @public
 */
export interface AppletEntry {
  readonly name: string;
  /** One line for `--list` and `--help`. */
  readonly summary: string;
  /** Loads the applet's module; nothing of it exists before. */
  readonly load: () => Promise<AppletModule>;
}

/**
 * Every applet. The only place that knows where an applet's code lives.
 *
 * @public
 */
export const applets: readonly AppletEntry[] = [
  {
    name: "admission-controller",
    summary: "answer admission webhooks: allow, warn about or refuse workloads by security policies",
    load: () => import("./applets/admission-controller/applet.ts"),
  },
  {
    name: "config-controller",
    summary: "publish security policies as one bundle, and keep the admission webhooks registered",
    load: () => import("./applets/config-controller/applet.ts"),
  },
  {
    name: "heap",
    summary: "compare two heap snapshots: growth by constructor and by module",
    load: () => import("./applets/heap/applet.ts"),
  },
  {
    name: "policy",
    summary: "check SecurityPolicies, and say which workloads of manifests violate them",
    load: () => import("./applets/policy/applet.ts"),
  },
  {
    name: "sensor",
    summary: "learn what containers do, and alert when one does something else or what a rule forbids",
    load: () => import("./applets/sensor/applet.ts"),
  },
];
