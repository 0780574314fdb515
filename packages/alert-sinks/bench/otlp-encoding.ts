/**
 * What OTLP log records cost as JSON and as protobuf (a plain writer, not tuned: its bytes are exact, its time is an upper bound), 50 alerts a request.
 * Run: node --conditions=@kinglet/source packages/alert-sinks/bench/otlp-encoding.ts
 */
import { gzipSync } from "node:zlib";

import { toOtlpLogs } from "../src/exporters/otlp-exporter.ts";
import { createAlert } from "../test/create-alert.ts";

interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly boolValue?: boolean;
}
interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}
interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
}
interface Logs {
  readonly resourceLogs: readonly [
    {
      readonly resource: { readonly attributes: readonly KeyValue[] };
      readonly scopeLogs: readonly [
        { readonly scope: { readonly name: string }; readonly logRecords: readonly LogRecord[] },
      ];
    },
  ];
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes]);
const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
function fixed64(number: number, value: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return Buffer.concat([Buffer.from([number * 8 + 1]), bytes]);
}
const anyValue = ({ stringValue, intValue, boolValue }: AnyValue): Buffer => {
  if (stringValue !== undefined) return text(1, stringValue);
  if (boolValue !== undefined) return Buffer.from([16, boolValue ? 1 : 0]);
  return Buffer.concat([Buffer.from([24]), varint(BigInt(intValue ?? "0"))]);
};
const keyValue = ({ key, value }: KeyValue): Buffer => Buffer.concat([text(1, key), field(2, anyValue(value))]);

function toProtobuf(logs: Logs): Buffer {
  const [{ resource, scopeLogs }] = logs.resourceLogs;
  const records = scopeLogs[0].logRecords.map((record) =>
    field(
      2,
      Buffer.concat([
        fixed64(1, record.timeUnixNano),
        Buffer.from([16, record.severityNumber]),
        text(3, record.severityText),
        field(5, anyValue(record.body)),
        ...record.attributes.map((attribute) => field(6, keyValue(attribute))),
        fixed64(11, record.observedTimeUnixNano),
        text(12, record.eventName),
      ]),
    ),
  );
  const scope = Buffer.concat([field(1, text(1, scopeLogs[0].scope.name)), ...records]);
  const attributes = resource.attributes.map((attribute) => field(1, keyValue(attribute)));
  return field(1, Buffer.concat([field(1, Buffer.concat(attributes)), field(2, scope)]));
}

const alerts = Array.from({ length: 50 }, (_, index) => createAlert(index));
const encode = {
  json: (): Buffer => Buffer.from(JSON.stringify(toOtlpLogs(alerts, "kinglet", 0))),
  protobuf: (): Buffer => toProtobuf(toOtlpLogs(alerts, "kinglet", 0) as Logs),
};
for (const [name, run] of Object.entries(encode)) {
  for (let round = 0; round < 300; round++) run();
  const rounds = 1_000;
  const started = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) run();
  const microseconds = Number(process.hrtime.bigint() - started) / 1000 / rounds / alerts.length;
  const bytes = run();
  const each = (total: number): string => (total / alerts.length).toFixed(0);
  console.log(
    `${name}: ${microseconds.toFixed(1)} µs, ${each(bytes.length)} B, gzip ${each(gzipSync(bytes).length)} B an alert`,
  );
}
