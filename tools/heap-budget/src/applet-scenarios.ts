import type { Scenario } from "./applet-scenario.ts";
import { admissionControllerScenario, configControllerScenario } from "./policy-scenarios.ts";
import { sensorScenario } from "./sensor-scenario.ts";
import { fillShop } from "./shop-cluster.ts";

/** The circumstances under which an applet is measured. */
export interface AppletScenarios {
  readonly idle: () => Promise<Scenario>;
  /** As the budget at work means it. */
  readonly atWork: () => Promise<Scenario>;
  /** What that is, for people. */
  readonly work: string;
}

/** Every applet that has a budget. */
export const appletScenarios: Readonly<Record<string, AppletScenarios>> = {
  sensor: {
    idle: () => sensorScenario(),
    atWork: () =>
      sensorScenario({ scope: "cluster", fill: (apply) => fillShop({ pods: 1_000, deployments: 200 }, apply) }),
    work: "1,000 pods, 200 deployments",
  },
  "admission-controller": {
    idle: () => admissionControllerScenario(),
    atWork: () => admissionControllerScenario(50),
    work: "50 policies",
  },
  "config-controller": {
    idle: () => configControllerScenario(),
    atWork: () => configControllerScenario(50),
    work: "50 policies",
  },
};
