import { readFileSync } from "node:fs";
import { get } from "node:http";
import { ExitCode, type AppletContext } from "../../../applet-context.ts";
import { CommandFailure } from "./command-failure.ts";
import type { ExplainConfig } from "./command-settings.ts";
import { renderExplanation, type Explanation } from "./render-explanation.ts";

const timeoutMs = 10_000;
const maxAnswerBytes = 16_777_216;

/** @internal */
export async function explain(target: string, config: ExplainConfig, context: AppletContext): Promise<ExitCode> {
  const [namespace, pod, container, ...rest] = target.split("/");
  if (!namespace || !pod || rest.length > 0 || container === "") {
    throw new CommandFailure(`${target} is not NAMESPACE/POD or NAMESPACE/POD/CONTAINER`, ExitCode.usage);
  }
  const query = new URLSearchParams({ namespace, pod, ...(container === undefined ? {} : { container }) });
  const text = await ask(`/debug/containers?${query.toString()}`, config);
  const explanation = JSON.parse(text) as Explanation;
  await context.stdout.write(config.output === "json" ? `${text.trimEnd()}\n` : renderExplanation(explanation));
  if (explanation.containers.length > 0) return ExitCode.ok;
  throw new CommandFailure(explanation.missing, ExitCode.input);
}

function ask(path: string, { debugBind, debugTokenFile }: ExplainConfig): Promise<string> {
  const address = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(debugBind.trim());
  if (address === null) {
    throw new CommandFailure(`--debug-bind ${debugBind} is no address of a listener (HOST:PORT)`, ExitCode.usage);
  }
  // A listener on every address is asked on this machine.
  const host = (address[1] ?? address[2] ?? "").replace(/^(?:|0\.0\.0\.0|::|\*)$/, "127.0.0.1");
  const headers = debugTokenFile === undefined ? {} : { authorization: `Bearer ${readToken(debugTokenFile)}` };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      reject(new CommandFailure(`the sensor at ${debugBind} ${why}`, ExitCode.input));
    };
    const request = get(
      { host, port: Number(address[3]), path, headers, agent: false, timeout: timeoutMs },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
          if (text.length > maxAnswerBytes) request.destroy(new Error("answered with more than 16 MiB"));
        });
        answer.on("end", () => {
          const { statusCode = 0 } = answer;
          if (statusCode === 200) resolve(text);
          else if (statusCode === 401 || statusCode === 403) fail("wants a token: --debug-token-file");
          else if (statusCode === 503) fail("is still starting");
          else fail(`answered with ${String(statusCode)}: ${text.slice(0, 200)}`);
        });
        answer.on("error", (error) => fail(`broke off: ${error.message}`));
      },
    );
    request.on("timeout", () => request.destroy(new Error(`did not answer within ${String(timeoutMs / 1000)} s`)));
    request.on("error", (error) => fail(`does not answer: ${error.message}`));
  });
}

function readToken(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new CommandFailure(`token file ${path} cannot be read: ${(error as Error).message}`, ExitCode.input);
  }
}
