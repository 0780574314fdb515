import type { ExitCode } from "../../../applet-context.ts";

/** Why a command cannot do what it was asked; told in one line, without a stack. @internal */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}
