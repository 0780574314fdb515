/** The program packaged in one way, ready to be started. */
export interface PackagedProgram {
  readonly name: string;
  /** Program and flags before the program's own name; empty when the file itself is executable. */
  readonly command: readonly string[];
  /** The file that a person starts. */
  readonly target: string;
  readonly env: Readonly<Record<string, string>>;
  /** Everything that has to be shipped, the Node binary included, bytes. */
  readonly fileBytes: number;
  /** From the bundle to the finished file, milliseconds; 0 when nothing is made. */
  readonly buildMs: number;
}
