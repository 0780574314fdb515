import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What an alert of either API is told by. */
export interface ReceivedAlert {
  readonly ruleId: string;
  readonly uniqueId: string;
  /** Label `fail_on_profile`; only Alertmanager's API has it. */
  readonly failOnProfile: string;
}

/** Takes alerts over HTTP, as Alertmanager and as a receiver of RuntimeAlerts, and remembers those that it confirmed. */
export class ComponentReceiver implements AsyncDisposable {
  /** In the order of arrival; each was answered with 200. */
  readonly confirmed: ReceivedAlert[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("error", () => {});
      request.on("end", () => {
        const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
        // Whoever was killed meanwhile does not learn that it arrived; then it was not confirmed.
        response.end("{}", () => this.confirmed.push(...readAlerts(body)));
      });
    });
  }

  static async open(): Promise<ComponentReceiver> {
    const receiver = new ComponentReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function readAlerts(body: unknown): readonly ReceivedAlert[] {
  const labelled = body as readonly { readonly labels: Readonly<Record<string, string>> }[];
  return labelled.map(({ labels }) => ({
    ruleId: labels["rule_id"] ?? "",
    uniqueId: labels["unique_id"] ?? "",
    failOnProfile: labels["fail_on_profile"] ?? "",
  }));
}
