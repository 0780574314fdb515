import type { Clock } from "@kinglet/lifecycle";

/**
 * How the program ended.
 *
 * @public
 */
export const ExitCode = {
  /** Did what was asked, or stopped because it was told to. */
  ok: 0,
  /** A fault that nobody at the command line can mend by another argument. */
  fault: 1,
  /** Wrong arguments or settings. */
  usage: 2,
  /** An input that cannot be used: kubeconfig, event file, snapshot. */
  input: 3,
  /** No applet of that name. */
  unknownApplet: 127,
} as const;

/** One of {@link ExitCode}. @public */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * Where an applet writes text.
 *
 * @public
 */
export interface TextOutput {
  /** Resolves once the operating system has taken all of `text`. */
  write(text: string): Promise<void>;
  /** True when a person is looking at it. */
  readonly isTerminal: boolean;
}

/**
 * Everything an applet gets from the outside; nothing else reads the process's arguments, environment or signals.
 *
 * @public
 */
export interface AppletContext {
  /** The applet's name, e.g. `sensor`. */
  readonly name: string;
  /** How the user called it, for usage lines: `sensor` or `kinglet sensor`. */
  readonly invocation: string;
  /** Arguments after the applet's name. */
  readonly argv: readonly string[];
  /** The environment at start. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires at SIGTERM or SIGINT: finish within ten seconds. */
  readonly signal: AbortSignal;
  /** Alerts and command output. */
  readonly stdout: TextOutput;
  /** Logs and problems. */
  readonly stderr: TextOutput;
  readonly clock: Clock;
  /** The running process: only for what concerns the process itself (heap flags, heap snapshots, signals). */
  readonly process: NodeJS.Process;
  /** True when the script is inside the executable. */
  readonly isSingleExecutable: boolean;
  /** Version of this build. */
  readonly version: string;
}

/**
 * What the module behind a row of the applet table exports.
 *
 * @public
 */
export interface AppletModule {
  readonly main: (context: AppletContext) => Promise<ExitCode>;
}
