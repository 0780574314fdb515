/** One frame. File id and line number are text in the wire format. @public */
export interface CallStackFrame {
  readonly fileID: string;
  readonly lineno: string;
  /** Kind of frame as the profiler numbers it; a safe integer. */
  readonly frameType: number;
}

/** A frame and the frames that it called. @public */
export interface CallStackNode {
  readonly children: readonly CallStackNode[];
  readonly frame: CallStackFrame;
}

/** A tree of allowed call stacks under an id. @public */
export interface IdentifiedCallStack {
  readonly callID: string;
  readonly callStack: { readonly root: CallStackNode };
}
