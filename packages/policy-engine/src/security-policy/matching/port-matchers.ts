import { matcher, type MatcherTable } from "./criterion-matcher.ts";
import { quoted } from "./say.ts";

/** Matchers of criteria about ports and the ways to reach them. @internal */
export function portMatchers(): MatcherTable {
  return {
    "Exposed Port": matcher(
      "port",
      (group) => {
        const test = group.fact(group.numbers());
        return (port) => test(port.port);
      },
      (port) => `port ${port.port} with protocol ${quoted(port.protocol)} is exposed`,
    ),
    "Exposed Port Protocol": matcher(
      "port",
      (group) => {
        const test = group.fact(group.texts("exact"));
        return (port) => test(port.protocol);
      },
      (port) => `port ${port.port} with protocol ${quoted(port.protocol)} is exposed`,
    ),
    "Exposed Node Port": matcher(
      "exposure",
      (group) => {
        const test = group.fact(group.numbers());
        return (exposure) => test(exposure.nodePort);
      },
      (exposure, evaluation) => `port ${evaluation.port?.port} is exposed on node port ${exposure.nodePort}`,
    ),
    "Port Exposure Method": matcher(
      "exposure",
      (group) => {
        const test = group.fact(group.names());
        return (exposure) => test(exposure.level);
      },
      (exposure, evaluation) => {
        const by = exposure.service === "" ? "" : ` by service ${quoted(exposure.service)}`;
        return `port ${evaluation.port?.port} is exposed with method ${quoted(exposure.level)}${by}`;
      },
    ),
  };
}
