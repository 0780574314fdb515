/** What a program says of its metrics: type and help of each, by name; their order in `/metrics` is that in which parts happened to start. */
export async function describedMetrics(program: {
  http(path: string): Promise<{ readonly text: string }>;
}): Promise<string> {
  // The first look starts the counting of garbage collections: what it adds is there at the second.
  await program.http("/metrics");
  const { text } = await program.http("/metrics");
  const lines = text.split("\n").filter((line) => line.startsWith("# HELP") || line.startsWith("# TYPE"));
  const nameOf = (line: string): string => line.split(" ")[2] ?? "";
  const sorted = lines.toSorted((one, other) =>
    nameOf(one) < nameOf(other) ? -1 : nameOf(one) > nameOf(other) ? 1 : 0,
  );
  return `${sorted.join("\n")}\n`;
}
