import { describe, expect, it } from "vitest";
import { alertProblems, requireAlerts } from "./check-alerts.ts";

const container = { name: "web", id: "a".repeat(64) };
const expected = [
  { line: 0, container, binary: "/bin/nc", args: "", execId: "1" },
  { line: 5, container, binary: "/bin/su", args: "", execId: "2" },
];
const alert = (execId: string, binary: string) => ({ workloadName: "cart", process: { binary, execId } });

describe("alertProblems", () => {
  it("is empty when each expected alert came once, in any order", () => {
    expect(alertProblems(expected, [alert("2", "/bin/su"), alert("1", "/bin/nc")])).toEqual([]);
  });

  it("names what is missing, what came twice and what nobody expected", () => {
    const seen = [alert("1", "/bin/nc"), alert("1", "/bin/nc"), alert("9", "/bin/ls")];
    expect(alertProblems(expected, seen)).toEqual([
      "the alert about /bin/nc in cart came twice",
      "the alert about /bin/ls in cart was not expected",
      "no alert came about /bin/su in the container recorded as web (line 6)",
    ]);
  });
});

describe("requireAlerts", () => {
  it("throws one coded line with the first differences", () => {
    expect(() => requireAlerts(expected, [])).toThrow(expect.objectContaining({ code: "KINGLET_ERR_DEMO_ALERTS" }));
    const seen = ["5", "6", "7"].map((id) => alert(id, "/bin/ls"));
    expect(() => requireAlerts(expected, seen)).toThrow(/, and 2 more$/);
    expect(() => requireAlerts([], [])).not.toThrow();
  });
});
