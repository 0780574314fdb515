import { celFunctionName, type CelFunctionName } from "./cel-functions.ts";
import { exactly, findTextFacts, subjectOf, textOf, type Fact, type Scope } from "./text-facts.ts";
import type { ProfilePattern, ProfileQuestion, ProfileSurface } from "./profile-data.ts";
import { partsOf } from "./required-fields.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/** How the second argument of a function names entries of a profile. */
type Reading = "path" | "name" | "prefix" | "suffix" | "host" | "address" | "domain";

const execs = { surface: "execs", reading: "path" } as const;
const opens = { surface: "opens", reading: "path" } as const;
const endpoints = { surface: "endpoints", reading: "path" } as const;

/** What each function asks. */
const asked: Readonly<
  Partial<Record<CelFunctionName, { readonly surface: ProfileSurface; readonly reading: Reading }>>
> = {
  "cp.was_executed": execs,
  "cp.was_executed_with_args": execs,
  "cp.was_path_opened": opens,
  "cp.was_path_opened_with_flags": opens,
  "cp.was_path_opened_with_suffix": { surface: "opens", reading: "suffix" },
  "cp.was_path_opened_with_prefix": { surface: "opens", reading: "prefix" },
  "cp.was_syscall_used": { surface: "syscalls", reading: "name" },
  "cp.was_capability_used": { surface: "capabilities", reading: "name" },
  "cp.was_endpoint_accessed": endpoints,
  "cp.was_endpoint_accessed_with_method": endpoints,
  "cp.was_endpoint_accessed_with_methods": endpoints,
  "cp.was_endpoint_accessed_with_prefix": { surface: "endpoints", reading: "prefix" },
  "cp.was_endpoint_accessed_with_suffix": { surface: "endpoints", reading: "suffix" },
  "cp.was_host_accessed": { surface: "endpoints", reading: "host" },
  "cp.was_address_in_egress": { surface: "egressAddresses", reading: "address" },
  "cp.was_address_in_ingress": { surface: "ingressAddresses", reading: "address" },
  "cp.is_domain_in_egress": { surface: "egressDomains", reading: "domain" },
  "cp.is_domain_in_ingress": { surface: "ingressDomains", reading: "domain" },
  "cp.was_address_port_protocol_in_egress": { surface: "egressAddresses", reading: "address" },
  "cp.was_address_port_protocol_in_ingress": { surface: "ingressAddresses", reading: "address" },
};

/** More are not told apart: a question about one of them may be about any entry. */
const maxTexts = 64;
const plainAddress = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/**
 * What conditions that have to hold together ask of profiles.
 *
 * A question about a literal is about that entry. A question about something of the event is about what the rest of the expression lets through:
 * of `event.path.startsWith('/etc/') && !cp.was_path_opened(id, event.path)` only entries below `/etc/` count, because whatever the profile says
 * of others changes nothing. Where nothing is said, it may be about any entry.
 *
 * Names of hosts and addresses have several spellings for one thing: questions about them are about any entry, except for a plain IPv4 address.
 *
 * @internal
 */
export function findProfileQuestions(conditions: readonly SyntaxNode[]): readonly ProfileQuestion[] {
  const found: ProfileQuestion[] = [];
  for (const [at, condition] of conditions.entries()) {
    const others = conditions.filter((_, other) => other !== at);
    const scope = { depth: 0, variables: new Map() };
    collect(
      condition,
      scope,
      others.map((node) => ({ node, isTrue: true, scope })),
      found,
    );
  }
  return found;
}

/** @param facts - what holds whenever the answer to `node` makes a difference. */
function collect(node: SyntaxNode, scope: Scope, facts: readonly Fact[], found: ProfileQuestion[]): void {
  switch (node.op) {
    case "&&":
    case "||": {
      const [left, right] = [node.args[0]!, node.args[1]!];
      const isTrue = node.op === "&&";
      collect(left, scope, [...facts, { node: right, isTrue, scope }], found);
      collect(right, scope, [...facts, { node: left, isTrue, scope }], found);
      return;
    }
    case "?:": {
      const [condition, yes, no] = [node.args[0]!, node.args[1]!, node.args[2]!];
      collect(condition, scope, facts, found);
      collect(yes, scope, [...facts, { node: condition, isTrue: true, scope }], found);
      collect(no, scope, [...facts, { node: condition, isTrue: false, scope }], found);
      return;
    }
    case "rcall": {
      const [name, receiver, args] = node.args;
      if (receiver.op === "id") ask(`${receiver.args}.${name}`, args[1], { scope, facts, found });
      const [variable, ...bodies] = args;
      if (!isComprehension(name) || variable?.op !== "id") break;
      collect(receiver, scope, facts, found);
      for (const inner of innerScopes(scope, variable.args, receiver)) {
        for (const body of bodies) collect(body, inner, facts, found);
      }
      return;
    }
    default:
  }
  for (const part of partsOf(node)) collect(part, scope, facts, found);
}

/** The variable of a comprehension: each of the texts of a literal list, or something that nobody knows. */
function innerScopes(scope: Scope, variable: string, list: SyntaxNode): readonly Scope[] {
  const depth = scope.depth + 1;
  const isListed = list.op === "list" && list.args.length <= maxTexts && scope.depth === 0;
  const texts = isListed ? list.args.map((element) => textOf(element, scope)) : [undefined];
  return texts.map((text, at) => {
    const value = text ?? { id: `${variable}#${depth}.${at}` };
    return { depth, variables: new Map([...scope.variables, [variable, value]]) };
  });
}

function ask(
  functionName: string,
  argument: SyntaxNode | undefined,
  to: { readonly scope: Scope; readonly facts: readonly Fact[]; readonly found: ProfileQuestion[] },
): void {
  const name = celFunctionName(functionName);
  const question = name === undefined ? undefined : asked[name];
  if (question === undefined || argument === undefined) return;
  const { surface, reading } = question;
  const text = textOf(argument, to.scope);
  to.found.push({
    surface,
    functionName,
    answers: text === undefined ? answersAbout(argument, reading, to) : answersFor(text, reading),
  });
}

function answersFor(text: string, reading: Reading): readonly (readonly ProfilePattern[])[] {
  switch (reading) {
    case "path":
      return [exactly(text)];
    case "name":
      return [[{ exact: text }]];
    case "prefix":
    case "suffix":
      // Nothing is a part of everything: any entry will do.
      return text === "" ? [] : [[reading === "prefix" ? { prefix: text } : { suffix: text }]];
    case "host":
      return text === "" ? [[]] : [[{ contains: text }]];
    case "address":
      return plainAddress.test(text) ? [[{ exact: text }]] : [];
    default:
      return [];
  }
}

function answersAbout(
  argument: SyntaxNode,
  reading: Reading,
  { scope, facts }: { readonly scope: Scope; readonly facts: readonly Fact[] },
): readonly (readonly ProfilePattern[])[] {
  if (reading !== "path" && reading !== "name") return [];
  const subject = subjectOf(argument, scope);
  return facts.flatMap((fact) => findTextFacts(subject, fact));
}

function isComprehension(name: string): boolean {
  return ["all", "exists", "exists_one", "filter", "map"].includes(name);
}
