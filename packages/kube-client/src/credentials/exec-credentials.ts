import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "../errors.ts";
import type { KubeconfigEntry } from "../kubeconfig.ts";
import type { TlsCredentials, TlsSource } from "../tls-credentials.ts";
import type { TokenSource } from "../token-source.ts";
import { parseExecPlugin, type ExecPluginCluster } from "./parse-exec-plugin.ts";
import { runExecPlugin, type ExecPluginConfig, type ExecPluginPlace } from "./exec-plugin.ts";

/**
 * Credentials of a kubeconfig user with `exec`. Runs nothing.
 *
 * @param names - the user's name and its place in the file, for messages.
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG
 */
export function createExecCredentials(
  user: KubeconfigEntry,
  names: { readonly name: string; readonly place: string },
  cluster: ExecPluginCluster,
  place: ExecPluginPlace,
): ExecCredentials {
  const plugin = parseExecPlugin(user, names.place, cluster);
  return new ExecCredentials(plugin, place, { file: user.file, user: names.name });
}

/** What a plugin gave. */
interface Answer {
  readonly token: string | undefined;
  readonly identity: TlsCredentials;
  /** Wall-clock time; infinite when the plugin named none. */
  readonly expiresAtMs: number;
}

/**
 * Credentials that a program provides (`users[].user.exec`).
 *
 * The program runs when they are first needed, when they have expired, and when the server has refused them; never twice at a time, however many requests
 * wait. Both sources belong together: the identity is that of the token.
 */
export class ExecCredentials {
  readonly tokens: TokenSource;
  readonly identity: TlsSource;
  readonly #plugin: ExecPluginConfig;
  readonly #place: ExecPluginPlace;
  readonly #file: string;
  readonly #user: string;
  #answer: Answer | undefined;
  #running: Promise<Answer> | undefined;
  #version = 0;

  /** @param origin - the kubeconfig file and the user's name in it, for messages. */
  constructor(
    plugin: ExecPluginConfig,
    place: ExecPluginPlace,
    origin: { readonly file: string; readonly user: string },
  ) {
    this.#plugin = plugin;
    this.#place = place;
    this.#file = origin.file;
    this.#user = origin.user;
    const version = (): number => this.#version;
    this.tokens = {
      token: async () => (await this.#current()).token,
      reject: (token) => this.#reject(token),
      get version() {
        return version();
      },
    };
    this.identity = {
      credentials: async () => (await this.#current()).identity,
      // A certificate that is refused in the handshake is of no more use than one that a 401 answers.
      reject: () => this.#forget(),
    };
  }

  #reject(token: string | undefined): void {
    // A newer one may have been fetched since that request was sent: it has not been refused.
    if (token === this.#answer?.token) this.#forget();
  }

  #forget(): void {
    this.#answer = undefined;
  }

  #current(): Promise<Answer> {
    const answer = this.#answer;
    if (answer !== undefined && this.#place.clock.now() < answer.expiresAtMs) return Promise.resolve(answer);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<Answer> {
    const before = this.#answer;
    try {
      const answer = parseAnswer(await runExecPlugin(this.#plugin, this.#place), this.#plugin);
      // The same certificate again is no reason to make connections again.
      const isSameIdentity =
        answer.identity.clientCertificatePem === before?.identity.clientCertificatePem &&
        answer.identity.clientKeyPem === before?.identity.clientKeyPem;
      this.#answer = before !== undefined && isSameIdentity ? { ...answer, identity: before.identity } : answer;
      this.#version++;
      return this.#answer;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw createError(
        kubeClientErrors,
        "KINGLET_ERR_KUBE_CLIENT_EXEC_PLUGIN",
        { file: this.#file, user: this.#user, problem },
        { cause: error },
      );
    }
  }
}

/** @throws an Error in plain words that repeats nothing of the output but versions and kinds. */
function parseAnswer(output: string, plugin: ExecPluginConfig): Answer {
  const refuse = (problem: string): Error => new Error(`the plugin "${plugin.command}" ${problem}`);
  let document: Record<string, unknown> | null;
  try {
    document = JSON.parse(output) as typeof document;
  } catch {
    // The parser's message quotes the output, which may be a token.
    // oxlint-disable-next-line preserve-caught-error
    throw refuse("wrote something that is not JSON");
  }
  const { kind, apiVersion } = document ?? {};
  if (kind !== "ExecCredential") throw refuse("wrote something that is no ExecCredential");
  if (apiVersion !== plugin.apiVersion) {
    throw refuse(`answered in the version ${name(apiVersion)} where the kubeconfig asks for ${plugin.apiVersion}`);
  }
  const status = document?.["status"];
  if (typeof status !== "object" || status === null) throw refuse("answered without a status");
  const fields = status as Record<string, unknown>;
  const text = (key: string): string => {
    const value = fields[key] ?? "";
    if (typeof value !== "string") throw refuse(`answered with a ${key} that is not a string`);
    return value;
  };
  const token = text("token");
  const clientCertificatePem = text("clientCertificateData");
  const clientKeyPem = text("clientKeyData");
  if ((clientCertificatePem === "") !== (clientKeyPem === ""))
    throw refuse("answered with half of a certificate and its key");
  if (token === "" && clientKeyPem === "") throw refuse("answered with neither a token nor a certificate");
  const expires = text("expirationTimestamp");
  const expiresAtMs = expires === "" ? Number.POSITIVE_INFINITY : Date.parse(expires);
  if (Number.isNaN(expiresAtMs)) throw refuse("answered with an expirationTimestamp that is no time");
  return {
    token: token === "" ? undefined : token,
    identity: clientKeyPem === "" ? {} : { clientCertificatePem, clientKeyPem },
    expiresAtMs,
  };
}

function name(value: unknown): string {
  return typeof value === "string" && /^[\w./-]{1,80}$/.test(value) ? `"${value}"` : "(none)";
}
