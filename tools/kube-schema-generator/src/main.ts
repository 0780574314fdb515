import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findModuleCache, KUBERNETES_VERSION, readApiPackages } from "./api-packages.ts";
import { writeFieldTableModule } from "./write-field-table.ts";

const cache = findModuleCache(process.env);
if (cache === undefined) {
  console.error(`the Go modules of Kubernetes ${KUBERNETES_VERSION} are not in the module cache`);
  process.exitCode = 1;
} else {
  const target = new URL("../../../packages/kube-schema/src/field-table/gen/field-table-text.ts", import.meta.url);
  writeFileSync(target, writeFieldTableModule(readApiPackages(cache)));
  console.log(fileURLToPath(target));
}
