/** An Error with a code as the operating system's have. */
export function connectionError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The server certainly did nothing: any request may go again. */
export function notProcessed(message: string): Error {
  return Object.assign(connectionError(message, "ECONNRESET"), { wasNotProcessed: true });
}
