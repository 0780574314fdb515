import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createError, type ErrorTable } from "@kinglet/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDebugEndpoints, type DebugRoute } from "./open-debug-endpoints.ts";
import type { OpenListener } from "./open-endpoints.ts";

const table: ErrorTable = { KINGLET_ERR_TEST_REFUSED: { message: "refused", retryable: false, remedy: "" } };

const routes: Readonly<Record<string, DebugRoute>> = {
  "/debug/levels": {
    get: () => ({ json: { level: "info" } }),
    patch: ({ body, query }) => ({ status: 202, text: `${body} ${query.get("module")}` }),
  },
  "/debug/snapshot": {
    post: () => {
      throw createError(table, "KINGLET_ERR_TEST_REFUSED");
    },
  },
  "/debug/broken": {
    get: () => {
      throw new Error("inside");
    },
  },
};

function send(
  listener: OpenListener,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<{ readonly status: number; readonly body: string; readonly allow: string | undefined }> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, body } = options;
    const request = httpRequest({
      host: "127.0.0.1",
      port: listener.address!.port,
      path,
      method,
      headers,
      agent: false,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, body: text, allow: response.headers.allow }));
    });
    request.end(body);
  });
}

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet-debug-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("openDebugEndpoints", () => {
  it("runs the route of path and method", async () => {
    await using debug = await openDebugEndpoints({ bind: "127.0.0.1:0", routes });
    expect(JSON.parse((await send(debug, "/debug/levels")).body)).toEqual({ level: "info" });
    expect(await send(debug, "/debug/levels?module=a", { method: "PATCH", body: "debug" })).toMatchObject({
      status: 202,
      body: "debug a",
    });
    expect(await send(debug, "/debug/levels", { method: "DELETE" })).toMatchObject({
      status: 405,
      allow: "GET, HEAD, PATCH",
    });
    expect((await send(debug, "/debug/")).body).toBe("/debug/broken\n/debug/levels\n/debug/snapshot\n");
    expect((await send(debug, "/debug/constructor")).status).toBe(404);
    expect((await send(debug, "/toString")).status).toBe(404);
  });

  it("answers a coded error with its code and hides any other", async () => {
    await using debug = await openDebugEndpoints({ bind: "127.0.0.1:0", routes });
    const refused = await send(debug, "/debug/snapshot", { method: "POST" });
    expect(refused.status).toBe(422);
    expect(JSON.parse(refused.body)).toEqual({ code: "KINGLET_ERR_TEST_REFUSED", message: "refused" });
    expect(await send(debug, "/debug/broken")).toMatchObject({ status: 500, body: "internal error\n" });
  });

  it("does not leave loopback without a token file", async () => {
    for (const bind of [":0", "0.0.0.0:0", "[::]:0"]) {
      await expect(openDebugEndpoints({ bind, routes })).rejects.toMatchObject({
        code: "KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED",
      });
    }
  });

  it("refuses web pages: foreign origins and host names that point here", async () => {
    await using debug = await openDebugEndpoints({ bind: "127.0.0.1:0", routes });
    expect((await send(debug, "/debug/levels", { headers: { origin: "http://evil.example" } })).status).toBe(403);
    expect((await send(debug, "/debug/levels", { headers: { host: "evil.example:8081" } })).status).toBe(403);
    expect((await send(debug, "/debug/levels", { headers: { host: "localhost:8081" } })).status).toBe(200);
  });

  it("asks for the token of the file, whatever it holds at that moment", async () => {
    const tokenFile = join(folder, "token");
    const failure = expect.objectContaining({ code: "KINGLET_ERR_ENDPOINTS_TOKEN_FILE" }) as unknown;
    await expect(openDebugEndpoints({ bind: "127.0.0.1:0", routes, tokenFile })).rejects.toEqual(failure);
    execFileSync("mkfifo", [tokenFile]);
    await expect(openDebugEndpoints({ bind: "127.0.0.1:0", routes, tokenFile })).rejects.toThrow("it is no file");
    unlinkSync(tokenFile);
    writeFileSync(tokenFile, "short\n");
    await expect(openDebugEndpoints({ bind: "127.0.0.1:0", routes, tokenFile })).rejects.toEqual(failure);
    writeFileSync(tokenFile, "first-token-123456\n");
    await using debug = await openDebugEndpoints({ bind: ":0", routes, tokenFile });
    const status = async (authorization?: string): Promise<number> =>
      (await send(debug, "/debug/levels", authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status()).toBe(401);
    expect(await status("Bearer ")).toBe(401);
    expect(await status("Basic first-token-123456")).toBe(401);
    expect(await status("Bearer first-token-12345")).toBe(401);
    expect(await status("Bearer first-token-123456")).toBe(200);
    writeFileSync(tokenFile, "second-token-123456\n");
    expect(await status("Bearer first-token-123456")).toBe(401);
    expect(await status("Bearer second-token-123456")).toBe(200);
    unlinkSync(tokenFile);
    expect(await status("Bearer second-token-123456")).toBe(401);
  });
});
