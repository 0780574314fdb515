/** Processor time of this thread, microseconds: what other programs take meanwhile does not count. */
export function threadMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
