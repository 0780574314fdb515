import { ProgramProcess, startProgram } from "./program-process.ts";

/** How to start a config-controller in a test. */
export interface ControllerOptions {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly args?: readonly string[];
}

/** A running config-controller. */
export class ControllerProcess extends ProgramProcess {
  static async start({ folder, kubeconfig, args = [] }: ControllerOptions): Promise<ControllerProcess> {
    const flags = ["--kubeconfig", kubeconfig, "--log-format", "json", ...args];
    return new ControllerProcess(await startProgram("config-controller", { folder, args: flags }));
  }
}
