import type { RuntimePolicyEvent } from "../evaluation/runtime-event.ts";
import type { ImageComponent, ImageLayer, Vulnerability } from "../workload/image-metadata.ts";
import type {
  EnvironmentVariable,
  MountedVolume,
  PortExposure,
  Workload,
  WorkloadContainer,
  WorkloadPort,
} from "../workload/workload.ts";

/** What stands at each level of a subject. Criteria of one section and level meet the same element. @internal */
export interface LevelElements {
  readonly workload: Workload;
  readonly event: RuntimePolicyEvent;
  readonly port: WorkloadPort;
  readonly exposure: PortExposure;
  readonly container: WorkloadContainer;
  readonly variable: EnvironmentVariable;
  readonly volume: MountedVolume;
  readonly layer: ImageLayer;
  readonly component: ImageComponent;
  readonly vulnerability: Vulnerability;
}

/** @internal */
export type Level = keyof LevelElements;

/** The level above each; the workload has none. @internal */
export const parentLevel: Readonly<Record<Exclude<Level, "workload">, Level>> = {
  event: "workload",
  port: "workload",
  exposure: "port",
  container: "workload",
  variable: "container",
  volume: "container",
  layer: "container",
  component: "container",
  vulnerability: "component",
};
