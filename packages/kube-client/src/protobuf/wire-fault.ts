/**
 * Bytes that are not the protobuf they should be. Never leaves the package: the readers of answers, which know the request, make a coded error of it.
 *
 * @internal
 */
export class WireFault extends Error {
  /** @param position - offset of the byte in the frame or chunk that was read. */
  constructor(problem: string, position: number, cause?: unknown) {
    super(`${problem} (at byte ${position})`, cause === undefined ? {} : { cause });
  }
}
