/** What a program says of its metrics: name, type and help of each, in the order of `/metrics`. */
export async function describedMetrics(program: {
  http(path: string): Promise<{ readonly text: string }>;
}): Promise<string> {
  // The first look starts the counting of garbage collections: what it adds is there at the second.
  await program.http("/metrics");
  const { text } = await program.http("/metrics");
  const lines = text.split("\n").filter((line) => line.startsWith("# HELP") || line.startsWith("# TYPE"));
  return `${lines.join("\n")}\n`;
}
