import { createError } from "@kinglet/errors";
import { wrongTimes } from "../event-time.ts";
import { readText } from "../file-system.ts";
import { loadDecodeActivity } from "../lazy.ts";
import { TetragonDecoder } from "../tetragon-decoder.ts";
import { tetragonGrpcErrors } from "./errors.ts";
import { GrpcSource } from "./grpc-source.ts";
import { resolveGrpcOptions } from "./resolve-options.ts";
import { StreamDecoder } from "./stream-decoder.ts";
import type { TetragonGrpcSource, TetragonGrpcSourceOptions, TetragonTlsOptions } from "./tetragon-grpc-source.ts";

/**
 * Prepares the stream of a Tetragon agent. Nothing is connected before `run`; an agent that is not there yet is waited for.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION; KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE when a file of `tls` cannot be read now. One that cannot be read at a
 * later connection is tried again with the next one.
 * @public
 */
export async function openTetragonGrpcSource(options: TetragonGrpcSourceOptions): Promise<TetragonGrpcSource> {
  const resolved = resolveGrpcOptions(options);
  const { nodeName, kinds, tls, metrics } = resolved;
  if (tls !== undefined) await assertReadable(tls);
  const wrong = metrics.counter(wrongTimes);
  const onWrongTime = (): void => wrong.add(1);
  const decoder = new TetragonDecoder({ nodeName, kinds, loadActivities: loadDecodeActivity, onWrongTime });
  // A stream cannot wait until it is loaded.
  await decoder.prepare();
  return new GrpcSource(resolved, new StreamDecoder(decoder, resolved));
}

async function assertReadable({ caPath, certificatePath, keyPath }: TetragonTlsOptions): Promise<void> {
  const files = [
    ["--tetragon-ca-file", caPath],
    ["--tetragon-cert-file", certificatePath],
    ["--tetragon-key-file", keyPath],
  ] as const;
  for (const [flag, path] of files) {
    if (path === undefined) continue;
    await readText(path).catch((cause: unknown) => {
      const details = { flag, path, reason: String((cause as { readonly code?: unknown }).code ?? cause) };
      throw createError(tetragonGrpcErrors, "KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE", details, { cause });
    });
  }
}
