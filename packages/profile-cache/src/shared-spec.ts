import type { ContainerProfileSpec } from "@kinglet/profile";

/**
 * A spec that exists once, with what is derived from it.
 *
 * @internal
 */
export class SharedSpec {
  readonly checksum: string;
  readonly spec: ContainerProfileSpec;
  /** How many cached profiles hold it; the pool forgets it at 0. */
  users = 0;
  #execPaths: ReadonlySet<string> | undefined = undefined;

  constructor(checksum: string, spec: ContainerProfileSpec) {
    this.checksum = checksum;
    this.spec = spec;
  }

  get execPaths(): ReadonlySet<string> {
    this.#execPaths ??= new Set(this.spec.execs.map((exec) => exec.path));
    return this.#execPaths;
  }
}
