import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { NameService } from "./name-service.ts";

describe("NameService", () => {
  it("leads sockets to where a name stands for now, and leaves other names to the system", async () => {
    const server = createServer((socket) => socket.end(socket.localAddress ?? ""));
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const reached = async (host: string): Promise<string> => {
      const socket = connect({ host, port, family: 4 });
      const [bytes] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return String(bytes);
    };
    {
      using names = new NameService("moved.example", "127.0.0.1");
      expect(await reached("moved.example")).toBe("127.0.0.1");
      names.address = "127.0.0.2";
      expect(await reached("moved.example")).toBe("127.0.0.2");
      const both = connect({ host: "moved.example", port });
      expect(String(((await once(both, "data")) as [Buffer])[0])).toBe("127.0.0.2");
      both.destroy();
      expect(await reached("localhost")).toBe("127.0.0.1");
    }
    server.close();
    await once(server, "close");
  });
});
