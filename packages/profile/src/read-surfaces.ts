import type { CallStackNode, IdentifiedCallStack } from "./call-stack.ts";
import type {
  ExecCall,
  HttpEndpoint,
  OpenCall,
  ProfileSurfaces,
  RulePolicy,
  SeccompProfile,
} from "./container-profile.ts";
import { isRecord, type DocumentReader, type UnknownRecord } from "./document-reader.ts";
import type { LabelSelector } from "./label-selector.ts";
import type { NetworkNeighbor } from "./network-neighbor.ts";

/** Reads what a flat profile and a section of a grouped one have in common. @internal */
export function readSurfaces(reader: DocumentReader, source: UnknownRecord): ProfileSurfaces {
  return { ...readActivity(reader, source), ...readPeers(reader, source) };
}

/** Reads the network peers. @internal */
export function readPeers(reader: DocumentReader, source: UnknownRecord): Pick<ProfileSurfaces, "ingress" | "egress"> {
  return {
    ingress: reader.objects(source, "ingress", (item) => readNeighbor(reader, item)),
    egress: reader.objects(source, "egress", (item) => readNeighbor(reader, item)),
  };
}

/** Reads everything but the network peers. @internal */
export function readActivity(
  reader: DocumentReader,
  source: UnknownRecord,
): Omit<ProfileSurfaces, "ingress" | "egress"> {
  const seccomp = reader.optionalObject(source, "seccompProfile");
  return {
    capabilities: reader.texts(source, "capabilities"),
    execs: reader.objects(source, "execs", (item) => readExec(reader, item)),
    opens: reader.objects(source, "opens", (item) => readOpen(reader, item)),
    syscalls: reader.texts(source, "syscalls"),
    ...(seccomp === undefined
      ? undefined
      : { seccompProfile: reader.at("seccompProfile", () => readSeccomp(reader, seccomp)) }),
    endpoints: reader.objects(source, "endpoints", (item) => readEndpoint(reader, item)),
    imageID: reader.text(source, "imageID"),
    imageTag: reader.text(source, "imageTag"),
    rulePolicies: reader.record(source, "rulePolicies", (value) => readRulePolicy(reader, value)),
    identifiedCallStacks: reader.objects(source, "identifiedCallStacks", (item) => readCallStack(reader, item)),
  };
}

/** The groups of a document that describes a whole pod. @internal */
export interface ReadGroups<Section> {
  readonly containers: readonly Section[];
  readonly initContainers: readonly Section[];
  readonly ephemeralContainers: readonly Section[];
}

/** Reads the groups; `read` what a section holds beside its name. @internal */
export function readGroups<Section>(
  reader: DocumentReader,
  spec: UnknownRecord,
  read: (reader: DocumentReader, item: UnknownRecord) => Section,
): ReadGroups<{ readonly name: string } & Section> {
  const group = (key: string): readonly ({ readonly name: string } & Section)[] =>
    reader.objects(spec, key, (item) => ({ name: reader.requiredText(item, "name"), ...read(reader, item) }));
  return {
    containers: group("containers"),
    initContainers: group("initContainers"),
    ephemeralContainers: group("ephemeralContainers"),
  };
}

/** Reads a label selector whose members stand in `source` itself. @internal */
export function readSelector(reader: DocumentReader, source: UnknownRecord): LabelSelector {
  return {
    matchLabels: reader.textRecord(source, "matchLabels"),
    matchExpressions: reader.objects(source, "matchExpressions", (item) => ({
      key: reader.requiredText(item, "key"),
      operator: reader.requiredText(item, "operator"),
      values: reader.texts(item, "values"),
    })),
  };
}

function readExec(reader: DocumentReader, item: UnknownRecord): ExecCall {
  return {
    path: reader.requiredText(item, "path"),
    args: reader.texts(item, "args"),
    envs: reader.texts(item, "envs"),
    argsRequired: reader.flag(item, "argsRequired"),
  };
}

function readOpen(reader: DocumentReader, item: UnknownRecord): OpenCall {
  return { path: reader.requiredText(item, "path"), flags: reader.texts(item, "flags") };
}

function readSeccomp(reader: DocumentReader, item: UnknownRecord): SeccompProfile {
  const { spec } = item;
  checkSize(reader, spec);
  return { name: reader.text(item, "name"), path: reader.text(item, "path"), spec };
}

/** What is passed through unread must still be safe to walk later. */
function checkSize(reader: DocumentReader, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const members = Object.entries(value);
  reader.count("seccompProfile", members.length);
  for (const [name, member] of members) reader.at(name, () => checkSize(reader, member));
}

function readEndpoint(reader: DocumentReader, item: UnknownRecord): HttpEndpoint {
  const direction = reader.text(item, "direction");
  const isKnown = direction === "inbound" || direction === "outbound" || direction === "";
  if (!isKnown) {
    reader.at("direction", () => reader.problem(`expected inbound or outbound, got ${JSON.stringify(direction)}`));
  }
  return {
    endpoint: reader.requiredText(item, "endpoint"),
    methods: reader.texts(item, "methods"),
    internal: reader.flag(item, "internal"),
    direction: isKnown ? direction : "",
    headers: reader.record(item, "headers", (values, name) => reader.texts({ [name]: values }, name)),
  };
}

function readRulePolicy(reader: DocumentReader, value: unknown): RulePolicy {
  const policy = isRecord(value) ? value : {};
  if (!isRecord(value)) reader.problem("expected an object");
  return {
    processAllowed: reader.texts(policy, "processAllowed"),
    containerAllowed: reader.flag(policy, "containerAllowed"),
  };
}

function readCallStack(reader: DocumentReader, item: UnknownRecord): IdentifiedCallStack {
  const callStack = reader.object(item, "callStack");
  return {
    callID: reader.requiredText(item, "callID"),
    callStack: {
      root: reader.at("callStack", () => {
        const root = reader.object(callStack, "root");
        return reader.at("root", () => readNode(reader, root));
      }),
    },
  };
}

function readNode(reader: DocumentReader, item: UnknownRecord): CallStackNode {
  const frame = reader.object(item, "frame");
  return {
    children: reader.objects(item, "children", (child) => readNode(reader, child)),
    frame: reader.at("frame", () => ({
      fileID: reader.text(frame, "fileID"),
      lineno: reader.text(frame, "lineno"),
      frameType: reader.integer(frame, "frameType", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) ?? 0,
    })),
  };
}

function readNeighbor(reader: DocumentReader, item: UnknownRecord): NetworkNeighbor {
  return {
    identifier: reader.text(item, "identifier"),
    type: reader.text(item, "type"),
    dns: reader.text(item, "dns"),
    dnsNames: reader.texts(item, "dnsNames"),
    ports: reader.shareEqual(
      reader.objects(item, "ports", (port) => ({
        name: reader.text(port, "name"),
        protocol: reader.text(port, "protocol"),
        port: reader.integer(port, "port", 0, 65_535) ?? null,
      })),
    ),
    podSelector: readOptionalSelector(reader, item, "podSelector"),
    namespaceSelector: readOptionalSelector(reader, item, "namespaceSelector"),
    ipAddress: reader.text(item, "ipAddress"),
    ipAddresses: reader.texts(item, "ipAddresses"),
  };
}

function readOptionalSelector(reader: DocumentReader, item: UnknownRecord, key: string): LabelSelector | null {
  const selector = reader.optionalObject(item, key);
  return selector === undefined ? null : reader.shareEqual(reader.at(key, () => readSelector(reader, selector)));
}
