import type { ContainerProfile } from "@kinglet/profile";

import { obviousAnswers } from "../test/obvious-answers.ts";
import type { ProfileAnswers } from "../src/index.ts";

/** Answers from sets and maps, as fast as they can be given: what is measured is the way to them. */
export function setAnswers(profile: ContainerProfile): ProfileAnswers {
  const { spec } = profile;
  const execs = new Set(spec.execs.map(({ path }) => path));
  const commands = new Map(spec.execs.map((exec) => [exec.path, exec.args]));
  const opens = new Set(spec.opens.map(({ path }) => path));
  const syscalls = new Set(spec.syscalls);
  const capabilities = new Set(spec.capabilities);
  const addresses = new Set(spec.egress.map(({ ipAddress }) => ipAddress));
  const domains = new Set(spec.egress.flatMap(({ dnsNames }) => dnsNames));
  return {
    ...obviousAnswers(profile),
    wasExecuted: (path) => execs.has(path),
    wasExecutedWith: (path, args) => {
      const known = commands.get(path);
      if (known === undefined || (known.length > 0 && known.length !== args.length)) return false;
      for (let at = 0; at < known.length; at++) if (known[at] !== args[at]) return false;
      return true;
    },
    wasOpened: (path) => opens.has(path),
    usesSyscall: (name) => syscalls.has(name),
    usesCapability: (name) => capabilities.has(name),
    hasAddress: (direction, address) => direction === "egress" && addresses.has(address),
    hasDomain: (direction, domain) => direction === "egress" && domains.has(domain),
  };
}
