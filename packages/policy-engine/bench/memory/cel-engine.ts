/**
 * What loading the CEL engine and keeping a compiled rule cost, in bytes of live heap. One fresh process:
 *
 *   node --expose-gc --conditions=@kinglet/source packages/policy-engine/bench/memory/cel-engine.ts
 */
import { loadCelEngine, RuleProgram, type RuleDefinition } from "../../src/index.ts";

function liveBytes(): number {
  for (let round = 0; round < 4; round++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const ruleOf = (index: number): RuleDefinition => ({
  enabled: true,
  id: `T${index}`,
  name: "test",
  description: "",
  expressions: {
    message: `event.exepath + ' ran in container ' + event.containerName + ', and the profile does not list it ${index}'`,
    uniqueId: `event.comm + '|' + event.exepath + '${index}'`,
    ruleExpression: [
      {
        eventType: "exec",
        expression: `!ap.was_executed(event.containerId, event.exepath) && event.comm != '${index}'`,
      },
    ],
  },
  profileDependency: 0,
  severity: 1,
  supportPolicy: false,
  isTriggerAlert: true,
  mitreTactic: "",
  mitreTechnique: "",
  tags: [],
});

const variables = {
  event: { containerId: "c", containerName: "web", exepath: "/bin/sh", comm: "sh" },
  eventType: "exec" as const,
};

// process.memoryUsage and gc allocate at their first call.
liveBytes();
const atStart = liveBytes();
const { createCelEngine } = await loadCelEngine();
const loaded = liveBytes();
const engine = createCelEngine({ functions: { "cp.was_executed": (_containerId, path) => path === "/bin/ls" } });
const created = liveBytes();
const rules = Array.from({ length: 1_000 }, (_, index) => ruleOf(index));
const programs = rules.map((rule) => new RuleProgram(engine, rule));
const registered = liveBytes();
const validateStart = performance.now();
for (const program of programs) program.validate();
const validateMs = performance.now() - validateStart;
const validated = liveBytes();
const compileStart = performance.now();
for (const program of programs) program.matches(variables);
const compileMs = performance.now() - compileStart;
const compiled = liveBytes();
for (const program of programs) program.message(variables);
const withMessages = liveBytes();

const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
process.stdout.write(
  [
    `Node ${process.version}`,
    `loading the library and the engine's code: ${kb(loaded - atStart)}`,
    `creating an engine: ${kb(created - loaded)}`,
    `per rule, registered: ${kb((registered - created) / programs.length)} (the definition included)`,
    `per rule, validated: ${kb((validated - registered) / programs.length)} more, ${((validateMs * 1000) / programs.length).toFixed(0)} us`,
    `per rule, condition compiled: ${kb((compiled - validated) / programs.length)} more, ${((compileMs * 1000) / programs.length).toFixed(0)} us`,
    `per rule, message compiled: ${kb((withMessages - compiled) / programs.length)} more`,
    "",
  ].join("\n"),
);
