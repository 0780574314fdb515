import { AppendFile } from "../src/append-file.ts";
import { encodeLine } from "../src/checked-line.ts";

const file = await AppendFile.open(process.argv[2] ?? "", 0);
for (const length of [3_000, 3_000, 3_000]) {
  await file.append(Buffer.from(encodeLine({ fill: "x".repeat(length) }))).catch((error: unknown) => {
    process.stdout.write(`${String((error as { code?: unknown }).code)}\n`);
  });
}
await file.append(Buffer.from(encodeLine({ fill: "small" })));
process.stdout.write("small\n");
await file.close();
