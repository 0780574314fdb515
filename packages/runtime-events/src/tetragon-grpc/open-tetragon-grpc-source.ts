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
export function openTetragonGrpcSource(options: TetragonGrpcSourceOptions): Promise<TetragonGrpcSource> {
  return new Promise((resolve) => {
    const resolved = resolveGrpcOptions(options);
    const decoder = new TetragonDecoder({ nodeName: resolved.nodeName, kinds: resolved.kinds });
    resolve(new GrpcSource(resolved, new StreamDecoder(decoder, resolved)));
  });
}
