/** One step of playing a recording. @internal */
export type PlayStep =
  /** Write the lines from `from` up to, not including, `to`. */
  | { readonly kind: "write"; readonly from: number; readonly to: number }
  /** Rename the file away, between two lines. */
  | { readonly kind: "rotate" }
  /** Write a part of this line, rename the file away, finish the line where it was begun. */
  | { readonly kind: "rotate-inside"; readonly line: number }
  /** A container of the shop is started again under this id before the next line. */
  | { readonly kind: "restart"; readonly containerId: string };

/** @internal */
export interface PlayPlanInput {
  readonly lineCount: number;
  /** Lines before which the file is rotated, ascending, each within the recording and not its first. */
  readonly rotations: readonly number[];
  /** Which of `rotations` happens inside its line instead. */
  readonly insideRotation: number;
  readonly restarts: readonly { readonly line: number; readonly containerId: string }[];
}

/**
 * Puts writing, rotating and restarting in order: every line is written exactly once, in order; a restart comes before the line
 * that it is meant for and after all lines before that.
 *
 * @internal
 */
export function playPlan({ lineCount, rotations, insideRotation, restarts }: PlayPlanInput): PlayStep[] {
  const steps: PlayStep[] = [];
  const marks = [...new Set([...rotations, ...restarts.map(({ line }) => line), lineCount])].sort((a, b) => a - b);
  let written = 0;
  for (const mark of marks) {
    if (mark > written) steps.push({ kind: "write", from: written, to: mark });
    written = Math.max(written, mark);
    for (const { line, containerId } of restarts) if (line === mark) steps.push({ kind: "restart", containerId });
    const rotation = rotations.indexOf(mark);
    if (rotation === -1) continue;
    if (rotation === insideRotation) {
      steps.push({ kind: "rotate-inside", line: mark });
      written = mark + 1;
    } else steps.push({ kind: "rotate" });
  }
  return steps;
}
