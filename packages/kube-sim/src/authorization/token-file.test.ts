import { describe, expect, it } from "vitest";
import { parseTokenFile } from "./token-file.ts";

describe("parseTokenFile", () => {
  it("reads token, user, uid and quoted groups", () => {
    const users = parseTokenFile('t1,ann,1,"dev,ops"\nt2,bob,2\r\n\nt3,eve,3,solo', "tokens.csv");
    expect([...users]).toEqual([
      ["t1", { name: "ann", uid: "1", groups: ["dev", "ops"] }],
      ["t2", { name: "bob", uid: "2", groups: [] }],
      ["t3", { name: "eve", uid: "3", groups: ["solo"] }],
    ]);
  });

  it("takes commas, line breaks and doubled quotes in quotes", () => {
    const users = parseTokenFile('"a,b","say ""hi""\nthere",1\nc,d,2', "tokens.csv");
    expect([...users.keys()]).toEqual(["a,b", "c"]);
    expect(users.get("a,b")?.name).toBe('say "hi"\nthere');
  });

  it("leaves out lines without a token and lets the last of two count", () => {
    const users = parseTokenFile(",nobody,0\nt,first,1\nt,second,2\n", "tokens.csv");
    expect([...users]).toEqual([["t", { name: "second", uid: "2", groups: [] }]]);
  });

  it("names the line that has too few columns, and the quote that stays open", () => {
    expect(() => parseTokenFile("t,ann,1\nt2,bob", "f.csv")).toThrow(
      "f.csv is no token file: line 2 has 2 of at least 3 columns",
    );
    expect(() => parseTokenFile('t,"ann,1', "f.csv")).toThrow("the quote opened in line 1 is never closed");
    expect(() => parseTokenFile('t,"ann"x,1', "f.csv")).toThrow("line 1 goes on after a closing quote");
  });
});
