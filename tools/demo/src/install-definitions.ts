import { createError, hasCode } from "@kinglet/errors";
import { customResourceDefinitions, type KubeClient } from "@kinglet/kube-client";
import type { Definition } from "./definitions.ts";
import { demoErrors } from "./errors.ts";
import { waitUntil } from "./wait-until.ts";

interface StoredDefinition {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Which of the definitions the server does not serve yet, by CustomResourceDefinition or by an aggregated API. @internal */
export async function missingDefinitions(
  client: KubeClient,
  definitions: readonly Definition[],
  signal: AbortSignal,
): Promise<Definition[]> {
  const missing: Definition[] = [];
  for (const definition of definitions) if (!(await isServed(client, definition, signal))) missing.push(definition);
  return missing;
}

/** Installs definitions and waits until they are served. @internal */
export async function installDefinitions(
  client: KubeClient,
  definitions: readonly Definition[],
  signal: AbortSignal,
): Promise<void> {
  for (const definition of definitions) {
    const { name } = definition.metadata;
    try {
      await client.create(customResourceDefinitions, definition, { signal });
    } catch (error) {
      // Somebody else was faster: what counts is that it is served.
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS")) throw error;
    }
    await waitUntil(
      async () => {
        const { status } = await client.get<StoredDefinition>(customResourceDefinitions, name, { signal });
        const isEstablished = status?.conditions?.some((one) => one.type === "Established" && one.status === "True");
        return isEstablished === true && (await isServed(client, definition, signal));
      },
      { what: `serving ${name}`, timeoutMs: 30_000, signal },
    );
  }
}

/** @throws KINGLET_ERR_DEMO_CRDS_MISSING unless there is nothing missing. @internal */
export function requireDefinitions(client: KubeClient, missing: readonly Definition[]): void {
  if (missing.length === 0) return;
  throw createError(demoErrors, "KINGLET_ERR_DEMO_CRDS_MISSING", {
    server: client.server,
    resources: missing.map(({ metadata }) => metadata.name).join(", "),
  });
}

async function isServed(client: KubeClient, { spec }: Definition, signal: AbortSignal): Promise<boolean> {
  const version = spec.versions[0]?.name ?? "";
  try {
    const path = `/apis/${spec.group}/${version}/${spec.names.plural}?limit=1`;
    await client.request({ method: "GET", path, signal });
    return true;
  } catch (error) {
    if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
    throw error;
  }
}
