/** What an error says, in one line for logs and reasons. @internal */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
