import { ManualClock } from "@kinglet/lifecycle";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTokenFile } from "./token-source.ts";

async function tokenFile(content: string): Promise<{ path: string; clock: ManualClock }> {
  const path = join(await mkdtemp(join(tmpdir(), "kinglet-token-")), "token");
  await writeFile(path, content);
  return { path, clock: new ManualClock() };
}

describe("createTokenFile", () => {
  it("trims, and reads again after 50 s [client A2]", async () => {
    const { path, clock } = await tokenFile("  one\n");
    const source = createTokenFile(path, { clock });
    expect(await source.token()).toBe("one");
    await writeFile(path, "two");
    await clock.advance(49_999);
    expect(await source.token()).toBe("one");
    await clock.advance(1);
    expect(await source.token()).toBe("two");
  });

  it("keeps the old token while the file is missing or empty [client A2]", async () => {
    const { path, clock } = await tokenFile("one");
    const source = createTokenFile(path, { clock });
    await source.token();
    await rm(path);
    await clock.advance(60_000);
    expect(await source.token()).toBe("one");
    await writeFile(path, " \n");
    expect(await source.token()).toBe("one");
    await writeFile(path, "two");
    expect(await source.token()).toBe("two");
  });

  it("reads again at once after a 401, but not for a token that has been replaced meanwhile [client A2] [client E8]", async () => {
    const { path, clock } = await tokenFile("one");
    const source = createTokenFile(path, { clock });
    await source.token();
    await writeFile(path, "two");
    source.reject("one");
    expect(await source.token()).toBe("two");
    await writeFile(path, "three");
    source.reject("one");
    expect(await source.token()).toBe("two");
  });

  it("follows the kubelet's atomic swap of a symbolic link [client A2]", async () => {
    const dir = await mkdtemp(join(tmpdir(), "kinglet-token-"));
    for (const name of ["first", "second"]) {
      await mkdir(join(dir, name));
      await writeFile(join(dir, name, "token"), name);
    }
    await symlink("first", join(dir, "..data"));
    await symlink(join("..data", "token"), join(dir, "token"));
    const clock = new ManualClock();
    const source = createTokenFile(join(dir, "token"), { clock });
    expect(await source.token()).toBe("first");
    await symlink("second", join(dir, "..data_tmp"));
    await rename(join(dir, "..data_tmp"), join(dir, "..data"));
    await clock.advance(50_000);
    expect(await source.token()).toBe("second");
  });

  it("says which file when there has never been a token", async () => {
    const { path, clock } = await tokenFile("");
    await expect(createTokenFile(path, { clock }).token()).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS",
      message: expect.stringContaining(path),
    });
    expect(await createTokenFile("/does/not/exist", { clock, initialToken: "given" }).token()).toBe("given");
  });
});
