import type { Grammar } from "./grammar.ts";

/** Grammars of values in parts, joined by `=`. An empty part means anything; a part that is matched is a pattern. @internal */
export function compoundGrammars(): readonly Grammar[] {
  return [keyValue(), environmentVariable(), dockerfileLine()];
}

function keyValue(): Grammar {
  return {
    name: "keyValue",
    description: "`key=value`; an empty value means any",
    examples: ["owner=", "team=r/[a-z]+"],
    parse(value) {
      const end = value.indexOf("=");
      if (end > 0) return { kind: "parts", parts: [value.slice(0, end), value.slice(end + 1)] };
      return { kind: "problem", message: "must be key=value; for any value write key=" };
    },
  };
}

const variableSources = ["UNSET", "RAW", "SECRET_KEY", "CONFIG_MAP_KEY", "FIELD", "RESOURCE_FIELD", "UNKNOWN"];
const sourcesWithoutValue = /^(?:SECRET_KEY|CONFIG_MAP_KEY|FIELD|RESOURCE_FIELD)$/;

function environmentVariable(): Grammar {
  return {
    name: "environmentVariable",
    description: `\`source=key=value\`; each may be empty, source is one of ${variableSources.join(", ")}`,
    examples: ["=.*PASSWORD.*=", "RAW=.*SECRET.*=.+"],
    parse(value) {
      const first = value.indexOf("=");
      const second = value.indexOf("=", first + 1);
      if (first < 0 || second < 0) {
        return { kind: "problem", message: "must be source=key=value; for any source write =key=value" };
      }
      const source = value.slice(0, first).toUpperCase();
      if (source !== "" && !variableSources.includes(source)) {
        return { kind: "problem", message: `the source must be empty or one of ${variableSources.join(", ")}` };
      }
      return { kind: "parts", parts: [source, value.slice(first + 1, second), value.slice(second + 1)] };
    },
    caution(value) {
      if (value.kind !== "parts" || value.parts[2] === "") return undefined;
      if (!sourcesWithoutValue.test(value.parts[0] ?? "")) return undefined;
      return `a variable from ${value.parts[0]} is matched by what it refers to, never by its value; write nothing after the second =`;
    },
  };
}

const instructions: readonly string[] = [
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
];

function dockerfileLine(): Grammar {
  return {
    name: "dockerfileLine",
    description: "`INSTRUCTION=text`; either may be empty",
    examples: ["ADD=.*", "=.*apt-get.*"],
    parse(value) {
      const end = value.indexOf("=");
      const instruction = value.slice(0, Math.max(end, 0)).toUpperCase();
      if (end >= 0 && (instruction === "" || instructions.includes(instruction))) {
        return { kind: "parts", parts: [instruction, value.slice(end + 1)] };
      }
      return { kind: "problem", message: `must be INSTRUCTION=text; instructions are ${instructions.join(", ")}` };
    },
    caution(value) {
      const isFrom = value.kind === "parts" && value.parts[0] === "FROM";
      return isFrom ? "the history of an image does not hold its FROM lines" : undefined;
    },
  };
}
