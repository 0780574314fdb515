import { loadBuiltinRules } from "@kinglet/detection";
import { parseContainerProfile, type ContainerProfile } from "@kinglet/profile";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";
import { heldProfile } from "../../../../test/unit/held-profile.ts";
import { profileDataOf } from "./profile-data.ts";

const list = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** As a busy container has it. */
const stored: ContainerProfile = parseContainerProfile({
  metadata: {
    name: "web",
    namespace: "shop",
    resourceVersion: "1",
    annotations: { "kubescape.io/status": "completed", "kubescape.io/completion": "complete" },
  },
  spec: {
    opens: list(500, (at) => ({ path: `/usr/lib/app/module-${at % 37}/part-${at}.so`, flags: ["O_RDONLY"] })),
    execs: list(50, (at) => ({ path: `/usr/bin/tool-${at}`, args: [`tool-${at}`, "--config"] })),
    syscalls: list(120, (at) => `syscall_${at}`),
    egress: list(50, (at) => ({
      identifier: `peer-${at}`,
      type: "external",
      dnsNames: [`api-${at}.example.com.`],
      ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
    })),
  },
});

/** R0001 alone. */
const builtinRules = (await loadBuiltinRules()).filter(({ id }) => id === "R0001");
const [program] = builtinRules;
const open = "/usr/lib/app/module-1/part-1.so";

describe("profileDataOf", () => {
  it("has profiles keep what the built-in rules ask for and no more: a fifth of the bytes [rule-aware projection]", async () => {
    const whole = await heldProfile(stored);
    const needed = await heldProfile(stored, profileDataOf(builtinRules));
    expect([whole, needed].map(({ content }) => content.wasOpened(open))).toEqual([true, false]);
    for (const { content } of [whole, needed]) {
      expect(content.wasExecuted("/usr/bin/tool-7")).toBe(true);
      expect(content.wasExecuted("/usr/bin/nc")).toBe(false);
      expect(content.wasExecutedWith("/usr/bin/tool-7", ["tool-7", "--config"])).toBe(true);
    }
    expect(needed.checksum).toBe(whole.checksum);
    expect(needed.content.projectionHash).not.toBe(whole.content.projectionHash);
    expect(needed.content.bytes).toBeLessThan(whole.content.bytes / 5);
  });

  it("keeps everything that a rule without a declaration could ask for, once such a rule runs [rule-aware projection]", async () => {
    const other: RuleDefinition = { ...program!, id: "T1" };
    const { profileDataRequired: _, ...undeclared } = other;
    const all = await heldProfile(stored, profileDataOf([...builtinRules, undeclared]));
    expect([all.content.wasOpened(open), all.content.usesSyscall("syscall_7")]).toEqual([true, true]);
    const none = await heldProfile(stored, profileDataOf([...builtinRules, { ...undeclared, enabled: false }]));
    expect(none.content.wasOpened(open)).toBe(false);
  });

  it("keeps of a surface what the rules together declare, with all that is said about it [rule-aware projection]", async () => {
    const reads: RuleDefinition = {
      ...program!,
      id: "T1",
      profileDataRequired: { opens: [{ prefix: "/usr/lib/app/module-1/" }] },
    };
    const { content } = await heldProfile(stored, profileDataOf([...builtinRules, reads]));
    expect(content.wasOpenedWith(open, ["O_RDONLY"])).toBe(true);
    expect(content.wasOpenedWith(open, ["O_WRONLY"])).toBe(false);
    expect(content.wasOpened("/usr/lib/app/module-2/part-2.so")).toBe(false);
    expect([content.wasExecuted("/usr/bin/tool-7"), content.usesSyscall("syscall_7")]).toEqual([true, false]);
  });
});
