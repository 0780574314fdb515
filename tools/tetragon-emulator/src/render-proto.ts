import { fieldTable, parseFieldTable, type FieldEntry, type TableEntry } from "@kinglet/runtime-events/tetragon-grpc";

/** Protobuf's own messages of the table, and the file that brings each. */
const imports: ReadonlyMap<string, string> = new Map([
  ["Timestamp", "timestamp"],
  ["Duration", "duration"],
  ["FieldMask", "field_mask"],
  ["UInt32Value", "wrappers"],
  ["Int32Value", "wrappers"],
  ["BoolValue", "wrappers"],
]);

/** The interface as a proto file, from the one field table. */
export function renderProto(): string {
  const entries = [...parseFieldTable(fieldTable).values()];
  return [
    "// Generated from packages/runtime-events/src/tetragon-grpc/field-table.ts (facts of cilium/tetragon v1.7.0) by",
    "// `node --conditions=@kinglet/source src/generate.ts`; do not edit.",
    'syntax = "proto3";',
    "",
    "package tetragon;",
    "",
    ...[...new Set(imports.values())].toSorted().map((file) => `import "google/protobuf/${file}.proto";`),
    "",
    "service FineGuidanceSensors {",
    "  rpc GetEvents(GetEventsRequest) returns (stream GetEventsResponse);",
    "  rpc GetHealth(GetHealthStatusRequest) returns (GetHealthStatusResponse);",
    "  rpc GetVersion(GetVersionRequest) returns (GetVersionResponse);",
    "  rpc ListTracingPolicies(ListTracingPoliciesRequest) returns (ListTracingPoliciesResponse);",
    "}",
    ...entries.map((entry) => `\n${(entry.kind === "enum" ? renderEnum(entry) : renderMessage(entry)).join("\n")}`),
    "",
  ].join("\n");
}

function renderEnum(entry: TableEntry): string[] {
  return [`enum ${entry.name} {`, ...[...entry.values].map(([number, name]) => `  ${name} = ${number};`), "}"];
}

function renderMessage(entry: TableEntry): string[] {
  const members = entry.fields.filter((field) => field.isInOneof);
  const oneof = entry.name === "GetEventsResponse" ? "event" : "arg";
  return [
    `message ${entry.name} {`,
    ...(members.length === 0
      ? []
      : [`  oneof ${oneof} {`, ...members.map((field) => `    ${renderField(field)}`), "  }"]),
    ...entry.fields.filter((field) => !field.isInOneof).map((field) => `  ${renderField(field)}`),
    "}",
  ];
}

function renderField(field: FieldEntry): string {
  const type =
    field.type === "map"
      ? "map<string, string>"
      : imports.has(field.type)
        ? `google.protobuf.${field.type}`
        : field.type;
  return `${field.isRepeated ? "repeated " : ""}${type} ${field.name} = ${field.number};`;
}
