/** What the demo was asked to do. @internal */
export interface CommandLine {
  readonly isHelp: boolean;
  readonly isKept: boolean;
  readonly output: "text" | "json";
  readonly target: "simulated" | "existing";
  readonly isConfirmed: boolean;
  readonly installsCrds: boolean;
  /** How long the recording takes to play, seconds. */
  readonly playSeconds: number;
}

/** @internal */
export const HELP = `usage: npm start -- [options]      (or: pnpm demo [options], after pnpm build)

Shows Kinglet at work in about twenty seconds: a small shop on a simulated Kubernetes API, the real sensor as a process of its
own, and a recorded stream of runtime events. A few programs are missing from the shop's profiles on purpose: exactly those raise
alerts, and the demo fails when one is missing or another one comes.

  --keep            stay up after the result, until Ctrl-C, and say how to look around
  --output FORMAT   text (default), or json: one object per line, for programs
  --seconds N       how long the recording takes to play, 1 to 600 (default 12)
  --help            this text

The same on a real cluster, the current context of KUBECONFIG:
  --cluster         lists what it will create and asks; works in a fresh namespace kinglet-demo-* and removes it, also after Ctrl-C.
                    The pods belong to a node that does not exist, so nothing of them runs anywhere
  --yes             with --cluster: do not ask
  --install-crds    with --cluster: install the definitions of deploy/crds that are missing; they stay

Colours appear on a terminal only; NO_COLOR=1 switches them off.
Exit codes: 0 all as expected (also when Ctrl-C ends --keep), 1 not as expected, 2 wrong usage, 130 stopped early.
`;

/** Parses the arguments after the program's name. @returns a message instead of a command line when they are wrong. @internal */
export function parseCommandLine(args: readonly string[]): CommandLine | string {
  const flags = new Set<string>();
  let output: "text" | "json" = "text";
  let playSeconds = 12;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    // npm and pnpm pass the separator on when it is given twice.
    if (argument === "--") continue;
    const equals = argument.indexOf("=");
    const name = equals === -1 ? argument : argument.slice(0, equals);
    if (name === "--output" || name === "--seconds") {
      const value = equals === -1 ? args[++index] : argument.slice(equals + 1);
      if (value === undefined) return `${name} needs a value`;
      if (name === "--output") {
        if (value !== "text" && value !== "json") return `--output is text or json, not ${value}`;
        output = value;
      } else {
        if (!/^\d{1,3}$/.test(value) || Number(value) < 1 || Number(value) > 600) {
          return `--seconds is a whole number from 1 to 600, not ${value}`;
        }
        playSeconds = Number(value);
      }
    } else if (switches.has(argument)) flags.add(argument);
    else return `unknown argument ${argument}`;
  }
  const isCluster = flags.has("--cluster");
  for (const name of ["--yes", "--install-crds"]) {
    if (flags.has(name) && !isCluster) return `${name} goes with --cluster`;
  }
  return {
    isHelp: flags.has("--help") || flags.has("-h"),
    isKept: flags.has("--keep"),
    output,
    target: isCluster ? "existing" : "simulated",
    isConfirmed: flags.has("--yes"),
    installsCrds: flags.has("--install-crds"),
    playSeconds,
  };
}

const switches: ReadonlySet<string> = new Set(["--help", "-h", "--keep", "--cluster", "--yes", "--install-crds"]);
