import { array, boolean, integer, map, object, optional, string, type Schema } from "@kinglet/lazy-schema";
import type {
  ContainerProfileSpec,
  ExecCall,
  HttpEndpoint,
  NetworkNeighbor,
  NetworkPort,
  OpenCall,
  ProfileSurfaces,
  RulePolicy,
} from "@kinglet/profile";

/** One description per member of a type: the compiler says when a type and its schema part. */
type SchemaOf<T> = { readonly [K in keyof Required<T>]: Schema };

/** The surfaces that an ApplicationProfile knows; the others are those of a NetworkNeighborhood. */
type NetworkSurface = "ingress" | "egress";

/*
 * Bounds are where abuse begins, not where large profiles end: the server's own limit of about 1.5 MB for an object is met long before them, and an
 * object that somebody has must never be refused for its size in one dimension. Unknown members are kept on every level: what a newer version of the
 * learner writes survives an older definition.
 */
const KEEP = { unknownKeys: "keep" } as const;
/** Longest argument that the Linux kernel passes to a program. */
const MAX_TEXT = 131_072;
const MAX_ENTRIES = 65_536;
/** Most containers of one pod that anybody writes into one document. */
const MAX_CONTAINERS = 1_024;

const text = (doc?: string): Schema => optional(string({ max: MAX_TEXT, ...about(doc) }));
const texts = (doc?: string): Schema => optional(array(string({ max: MAX_TEXT }), { max: MAX_ENTRIES, ...about(doc) }));
const flag = (doc?: string): Schema => optional(boolean(about(doc)));
const entries = (fields: Readonly<Record<string, Schema>>, doc?: string): Schema =>
  optional(array(object(fields, KEEP), { max: MAX_ENTRIES, ...about(doc) }));

function about(doc: string | undefined): { readonly doc?: string } {
  return doc === undefined ? {} : { doc };
}

function selectorFields(): Readonly<Record<"matchLabels" | "matchExpressions", Schema>> {
  return {
    matchLabels: optional(map(string({ max: 1_024 }), { max: MAX_CONTAINERS })),
    matchExpressions: optional(
      array(object({ key: string({ max: 1_024 }), operator: string({ max: 64 }), values: texts() }, KEEP), {
        max: MAX_CONTAINERS,
      }),
    ),
  };
}

const selector = (doc: string): Schema => optional(object(selectorFields(), { ...KEEP, doc }));

function neighbors(doc: string): Schema {
  const port: SchemaOf<NetworkPort> = {
    name: text("PROTOCOL-PORT"),
    protocol: text("TCP, UDP or SCTP."),
    port: optional(integer({ min: 0, max: 65_535 })),
  };
  const neighbor: SchemaOf<NetworkNeighbor> = {
    identifier: text("What tells this peer from others; a hash of its other fields when learned."),
    type: text("internal or external."),
    dns: text("Superseded by dnsNames."),
    dnsNames: texts(),
    ports: entries(port),
    podSelector: selector("Pods that are this peer."),
    namespaceSelector: selector("Namespaces of the pods that are this peer."),
    ipAddress: text("Superseded by ipAddresses."),
    ipAddresses: texts("Addresses, CIDR blocks, or *."),
  };
  return entries(neighbor, doc);
}

function networkSurfaces(): Pick<SchemaOf<ProfileSurfaces>, NetworkSurface> {
  return {
    ingress: neighbors("Peers that connect to the container."),
    egress: neighbors("Peers that the container connects to."),
  };
}

function processSurfaces(): Omit<SchemaOf<ProfileSurfaces>, NetworkSurface> {
  const exec: SchemaOf<ExecCall> = {
    path: text(),
    args: texts("The argument vector, the program's own name first."),
    envs: texts(),
    argsRequired: flag("The arguments must match, too."),
  };
  const open: SchemaOf<OpenCall> = { path: text(), flags: texts() };
  const endpoint: SchemaOf<HttpEndpoint> = {
    endpoint: text(":PORT/PATH"),
    methods: texts(),
    internal: flag(),
    direction: text("inbound or outbound."),
    headers: optional(openObject("Header name to the values seen.")),
  };
  const policy: SchemaOf<RulePolicy> = { processAllowed: texts(), containerAllowed: flag() };
  const root = openObject("A tree of frames; its depth has no limit that a schema could state.");
  return {
    capabilities: texts("Linux capabilities used, without the prefix CAP_."),
    execs: entries(exec, "Programs executed; one entry per path and argument list."),
    opens: entries(open, "Files opened, each with the flags seen."),
    syscalls: texts("System calls used."),
    seccompProfile: optional(
      object(
        { name: text(), path: text(), spec: optional(openObject()) },
        { ...KEEP, doc: "A seccomp profile made from the system calls; spec is passed through." },
      ),
    ),
    endpoints: entries(endpoint, "HTTP endpoints served or called."),
    imageID: text(),
    imageTag: text(),
    rulePolicies: optional(
      map(object(policy, KEEP), { max: MAX_ENTRIES, doc: "What single rules allow beyond the profile, by rule id." }),
    ),
    identifiedCallStacks: entries({
      callID: text(),
      callStack: optional(object({ root: optional(root) }, KEEP)),
    }),
  };
}

/** An object of which nothing is said but that it is one. */
function openObject(doc?: string): Schema {
  return object({}, { ...KEEP, ...about(doc) });
}

function groups(surfaces: () => Readonly<Record<string, Schema>>): Readonly<Record<ContainerGroup, Schema>> {
  const group = (doc: string): Schema =>
    optional(array(object({ name: string({ max: 253 }), ...surfaces() }, KEEP), { max: MAX_CONTAINERS, doc }));
  return {
    containers: group("The surfaces by container."),
    initContainers: group("The same for init containers."),
    ephemeralContainers: group("The same for ephemeral containers."),
  };
}

type ContainerGroup = "containers" | "initContainers" | "ephemeralContainers";

/** `spec` of a ContainerProfile: flat, or the three groups of an authored document. */
export function containerProfileSpec(): Schema {
  const fields: SchemaOf<ContainerProfileSpec> = {
    architectures: texts("CPU architectures the container was seen on."),
    ...selectorFields(),
    ...processSurfaces(),
    ...networkSurfaces(),
    ...groups(() => ({ ...processSurfaces(), ...networkSurfaces() })),
  };
  return object(fields, KEEP);
}

/** `spec` of an ApplicationProfile. */
export function applicationProfileSpec(): Schema {
  return object({ architectures: texts("CPU architectures seen."), ...groups(processSurfaces) }, KEEP);
}

/** `spec` of a NetworkNeighborhood. */
export function networkNeighborhoodSpec(): Schema {
  return object({ ...selectorFields(), ...groups(networkSurfaces) }, KEEP);
}
