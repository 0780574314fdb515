export { fieldTable } from "./field-table.ts";
export { openTetragonGrpcSource } from "./open-tetragon-grpc-source.ts";
export { parseFieldTable, type FieldEntry, type TableEntry } from "./parse-field-table.ts";
export type {
  TetragonAgent,
  TetragonGrpcHealth,
  TetragonGrpcSource,
  TetragonGrpcSourceOptions,
  TetragonPolicy,
  TetragonTlsOptions,
} from "./tetragon-grpc-source.ts";
export { withAgentLosses, type AgentLossesOptions } from "./with-agent-losses.ts";
