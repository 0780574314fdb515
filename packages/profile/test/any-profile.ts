import * as fc from "fast-check";

import { parseContainerProfile, type ContainerProfile } from "../src/index.ts";
import type { CollapseConfiguration } from "../src/merging/index.ts";

const segment = fc.constantFrom("a", "b", "c", "d", "e", "etc", "app", "⋯", "*");
const literal = fc.constantFrom("a", "b", "c", "d", "e", "etc", "app", "x1", "x2");
const path = fc.oneof(
  { weight: 5, arbitrary: fc.array(literal, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`) },
  { weight: 2, arbitrary: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`) },
  { weight: 1, arbitrary: fc.constantFrom("relative", "*", "/a/", "/a//b", "//", "a/b") },
);
const few = fc.uniqueArray(fc.constantFrom("r", "w", "x"), { maxLength: 3 });
const record = fc.dictionary(fc.constantFrom("k", "l", "__proto__"), fc.constantFrom("1", "2"), { maxKeys: 2 });
const selector = fc.option(
  fc.record({
    matchLabels: record,
    matchExpressions: fc.array(
      fc.record({ key: fc.constantFrom("k", "l"), operator: fc.constant("In"), values: few }),
      {
        maxLength: 2,
      },
    ),
  }),
);
const neighbor = fc.record({
  identifier: fc.constantFrom("", "one", "two"),
  type: fc.constantFrom("internal", "external"),
  dnsNames: few,
  ports: fc.array(
    fc.record({
      name: fc.constantFrom("TCP-1", "TCP-2"),
      protocol: fc.constant("TCP"),
      port: fc.constantFrom(1, 2, null),
    }),
    { maxLength: 2 },
  ),
  podSelector: selector,
  ipAddresses: few,
});
const stack = fc.record({
  callID: fc.constantFrom("s1", "s2"),
  callStack: fc.record({
    root: fc.record({ frame: fc.record({ fileID: fc.constantFrom("1", "2"), lineno: fc.constantFrom("1", "2") }) }),
  }),
});

const surfaces = {
  capabilities: few,
  syscalls: few,
  execs: fc.array(fc.record({ path, args: few, envs: few, argsRequired: fc.boolean() }), { maxLength: 3 }),
  opens: fc.array(fc.record({ path, flags: few }), { maxLength: 14 }),
  endpoints: fc.array(
    fc.record({
      endpoint: fc.oneof(
        fc.tuple(fc.constantFrom(":80", ":0"), path).map(([port, of]) => port + of),
        fc.constantFrom(":80", "/a/b", "http://a/b"),
      ),
      methods: few,
      internal: fc.boolean(),
      direction: fc.constantFrom("inbound", "outbound"),
      headers: fc.dictionary(fc.constantFrom("h", "i"), few, { maxKeys: 2 }),
    }),
    { maxLength: 8 },
  ),
  imageID: fc.constantFrom("", "i1", "i2"),
  imageTag: fc.constantFrom("", "t1", "t2"),
  rulePolicies: fc.dictionary(
    fc.constantFrom("R1", "R2"),
    fc.record({ processAllowed: few, containerAllowed: fc.boolean() }),
    { maxKeys: 2 },
  ),
  identifiedCallStacks: fc.array(stack, { maxLength: 2 }),
  ingress: fc.array(neighbor, { maxLength: 3 }),
  egress: fc.array(neighbor, { maxLength: 2 }),
  seccompProfile: fc.option(fc.record({ name: fc.constantFrom("s", "t"), spec: fc.constantFrom({ a: 1, b: 2 }, [1]) })),
};

const annotations = fc.record(
  {
    "kubescape.io/status": fc.constantFrom("initializing", "ready", "completed", "too-large", "failed", "odd"),
    "kubescape.io/completion": fc.constantFrom("partial", "complete", "odd"),
    "kubescape.io/sync-checksum": fc.constantFrom("1", "2"),
    "kinglet.dev/observed-surfaces": fc.constantFrom("", "execs", "opens,execs", "syscalls", "later"),
    other: fc.constantFrom("1", "2"),
  },
  { requiredKeys: [] },
);

/** Any profile of one name, over so few values that two of them meet in many places. */
export const anyProfile: fc.Arbitrary<ContainerProfile> = fc
  .record({
    metadata: fc.record({
      name: fc.constant("web"),
      namespace: fc.constant("shop"),
      annotations,
      labels: record,
      resourceVersion: fc.constantFrom("1", "2"),
    }),
    spec: fc.record({
      ...surfaces,
      architectures: few,
      matchLabels: record,
      containers: fc.array(fc.record({ name: fc.constantFrom("web", "side"), ...surfaces }), { maxLength: 1 }),
    }),
  })
  .map(parseContainerProfile);

/** Any configuration with thresholds that a handful of paths passes. */
export const anyConfiguration: fc.Arbitrary<CollapseConfiguration> = fc.record({
  openDynamicThreshold: fc.integer({ min: 2, max: 4 }),
  endpointDynamicThreshold: fc.integer({ min: 1, max: 3 }),
  collapseConfigs: fc.uniqueArray(
    fc.record({
      prefix: fc.constantFrom("/a", "/a/b", "/etc", "/etc/a/", "/app", "/app/a/b", "/"),
      threshold: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 3, selector: (item) => item.prefix },
  ),
});

/** Files that are never collapsed: none, or some of those that profiles name, patterns and odd spellings among them. */
export const anyKeepPaths: fc.Arbitrary<ReadonlySet<string> | undefined> = fc.option(
  fc.uniqueArray(path, { maxLength: 8 }).map((paths) => new Set(paths)),
  { nil: undefined },
);
