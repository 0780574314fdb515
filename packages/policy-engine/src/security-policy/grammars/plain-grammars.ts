import type { Grammar } from "./grammar.ts";
import { isIpV4, isIpV6 } from "./ip-address.ts";
import { readComparator } from "./read-comparator.ts";

/** Grammars of single words, numbers and free text. @internal */
export function plainGrammars(): readonly Grammar[] {
  return [text(), boolean(), integer(), comparison(), kubernetesName(), ipAddress(), signatureIntegration()];
}

function text(): Grammar {
  return {
    name: "text",
    description: "text with at least one character that is not blank",
    examples: ["nginx", "r/.*-dev"],
    parse: (value) =>
      value.trim() === ""
        ? { kind: "problem", message: "must hold something other than blanks" }
        : { kind: "text", text: value },
  };
}

function boolean(): Grammar {
  return {
    name: "boolean",
    description: "`true` or `false`",
    permitted: ["true", "false"],
    examples: ["true", "false"],
    parse(value) {
      const lower = value.toLowerCase();
      if (lower === "true" || lower === "false") return { kind: "boolean", value: lower === "true" };
      return { kind: "problem", message: "must be true or false" };
    },
  };
}

function integer(): Grammar {
  return {
    name: "integer",
    description: "a whole number of days",
    examples: ["30", "365"],
    parse(value) {
      const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
      if (Number.isSafeInteger(number)) return { kind: "number", comparator: "=", value: number };
      return { kind: "problem", message: "must be a whole number, digits only" };
    },
  };
}

function comparison(): Grammar {
  return {
    name: "comparison",
    description: "a decimal number, with `<`, `<=`, `>` or `>=` before it where wanted",
    examples: [">= 7.5", "22"],
    parse(value) {
      const { comparator, rest } = readComparator(value);
      const number = /^(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)$/.test(rest) ? Number(rest) : Number.NaN;
      if (Number.isFinite(number)) return { kind: "number", comparator, value: number };
      return { kind: "problem", message: "must be a decimal number, after an optional <, <=, > or >=" };
    },
  };
}

function kubernetesName(): Grammar {
  return {
    name: "kubernetesName",
    description: "letters, digits and, inside, `-` and `:`",
    examples: ["system:serviceaccount:payments:runner", "admin"],
    parse(value) {
      if (/^[a-z0-9:-]+$/i.test(value) && !/^[:-]|[:-]$/.test(value)) return { kind: "text", text: value };
      return { kind: "problem", message: "must be letters, digits and, not at the ends, - and :" };
    },
  };
}

function ipAddress(): Grammar {
  return {
    name: "ipAddress",
    description: "an IPv4 or IPv6 address",
    examples: ["192.0.2.7", "2001:db8::7"],
    parse(value) {
      // Four numbers of up to three digits: what existing installations may hold.
      if (/^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(value) || isIpV6(value)) return { kind: "text", text: value };
      return { kind: "problem", message: "must be an IPv4 or IPv6 address" };
    },
    caution(value) {
      if (value.kind !== "text" || value.text.includes(":") || isIpV4(value.text)) return undefined;
      return "no address looks like that: each number is at most 255, without leading zeros";
    },
  };
}

function signatureIntegration(): Grammar {
  return {
    name: "signatureIntegration",
    description: "`io.stackrox.signatureintegration.` and a UUID",
    examples: ["io.stackrox.signatureintegration.5b2f9d4e-7c1a-4e0b-9f63-0a8d2c4b6e11"],
    parse(value) {
      const pattern = /^io\.stackrox\.signatureintegration\.[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
      if (pattern.test(value)) return { kind: "text", text: value };
      return { kind: "problem", message: "must be io.stackrox.signatureintegration. followed by a UUID" };
    },
  };
}
