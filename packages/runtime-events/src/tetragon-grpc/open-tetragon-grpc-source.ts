import { loadDecodeActivity } from "../lazy.ts";
import { TetragonDecoder } from "../tetragon-decoder.ts";
import { GrpcSource } from "./grpc-source.ts";
import { resolveGrpcOptions } from "./resolve-options.ts";
import { StreamDecoder } from "./stream-decoder.ts";
import type { TetragonGrpcSource, TetragonGrpcSourceOptions } from "./tetragon-grpc-source.ts";

/**
 * Prepares the stream of a Tetragon agent. Nothing is connected before `run`; an agent that is not there yet is waited for.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION
 * @public
 */
export async function openTetragonGrpcSource(options: TetragonGrpcSourceOptions): Promise<TetragonGrpcSource> {
  const resolved = resolveGrpcOptions(options);
  const { nodeName, kinds } = resolved;
  const decoder = new TetragonDecoder({ nodeName, kinds, loadActivities: loadDecodeActivity });
  // A stream cannot wait until it is loaded.
  await decoder.prepare();
  return new GrpcSource(resolved, new StreamDecoder(decoder, resolved));
}
