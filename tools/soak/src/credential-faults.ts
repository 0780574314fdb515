import type { FaultContext, SoakFault } from "./soak-fault.ts";

/** The real server remembers for 10 s that a token was good: real milliseconds, with time for a request to come. */
const REFUSED_WITHIN_MS = 60_000;

/** Faults of what the client trusts and proves itself with. The server refuses by itself, and what helps comes by way of files. */
export function credentialFaults(): readonly SoakFault[] {
  return [
    {
      name: "401 once",
      make: async (context) => {
        const { files, token } = context;
        await files.writeToken("not a token of this server");
        try {
          await untilRefused(context);
        } finally {
          await files.writeToken(token.token);
        }
      },
    },
    {
      name: "401 for ever",
      holdMs: 60_000,
      make: async (context) => {
        const { files, token } = context;
        await files.writeToken("not a token of this server");
        const undo = (): Promise<void> => files.writeToken(token.token);
        try {
          await untilRefused(context);
        } catch (error) {
          await undo();
          throw error;
        }
        return undo;
      },
    },
    {
      name: "token expiry mid-run",
      make: async (context) => {
        const { files, tokens } = context;
        const next = await tokens.issue();
        await context.token.revoke();
        context.token = next;
        try {
          await untilRefused(context);
        } finally {
          await files.writeToken(next.token);
        }
      },
    },
    {
      name: "token rotated in time",
      make: async (context) => {
        const { files, tokens, server, sleep, token: last } = context;
        context.token = await tokens.issue();
        await files.writeToken(context.token.token);
        // A token is read again after 50 s at the latest.
        await sleep(50_000);
        await last.revoke();
        server.proxy.resetAll();
      },
    },
    {
      name: "CA swap",
      holdMs: 60_000,
      make: async ({ server, files, random, sleep }) => {
        const pem = await server.swapAuthority();
        // Half of the time the file is late, as a mount is: nobody is trusted meanwhile.
        if (random() < 0.5) await sleep(30_000);
        await files.writeAuthority(pem);
      },
    },
  ];
}

/** Makes the client come again until the server has refused it. */
async function untilRefused({ server, transport, sleep }: FaultContext): Promise<void> {
  const before = transport.unauthorized;
  const deadlineMs = performance.now() + REFUSED_WITHIN_MS;
  while (transport.unauthorized === before) {
    if (performance.now() > deadlineMs) throw new Error("the server refuses no token");
    server.proxy.resetAll();
    await sleep(5000);
  }
}
