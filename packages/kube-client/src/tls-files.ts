import type { Clock } from "@kinglet/lifecycle";
import { MAX_PEM_BYTES, readBoundedFile } from "./read-bounded-file.ts";
import type { TlsCredentials, TlsSource } from "./tls-credentials.ts";

/** Files are looked at again after this long, as client-go does (`transport/cert_rotation.go`, `ca_rotation.go`). */
const LOOK_AGAIN_MS = 300_000;

/**
 * Certificates in files that somebody renews. Read again every 5 min and after a refused connection; while a file is unreadable or holds no PEM
 * block, what was read last stays in use. Concurrent callers share one read.
 *
 * @param files - paths of those that are files.
 * @param first - everything, as read at the start.
 */
export function createTlsFiles(
  files: { readonly [Key in keyof TlsCredentials]?: string },
  first: TlsCredentials,
  clock: Clock,
): TlsSource {
  return new TlsFiles(files, first, clock);
}

class TlsFiles implements TlsSource {
  readonly #files: { readonly [Key in keyof TlsCredentials]?: string };
  readonly #clock: Clock;
  #current: TlsCredentials;
  #freshUntilMs: number;
  #reading: Promise<TlsCredentials> | undefined;

  constructor(files: { readonly [Key in keyof TlsCredentials]?: string }, first: TlsCredentials, clock: Clock) {
    this.#files = files;
    this.#current = first;
    this.#clock = clock;
    this.#freshUntilMs = clock.monotonicMs() + LOOK_AGAIN_MS;
  }

  credentials(): Promise<TlsCredentials> {
    if (this.#clock.monotonicMs() < this.#freshUntilMs) return Promise.resolve(this.#current);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  reject(): void {
    this.#freshUntilMs = Number.NEGATIVE_INFINITY;
  }

  async #read(): Promise<TlsCredentials> {
    const next: { -readonly [Key in keyof TlsCredentials]: TlsCredentials[Key] } = { ...this.#current };
    let hasChanged = false;
    for (const [key, path] of Object.entries(this.#files) as [keyof TlsCredentials, string][]) {
      try {
        const pem = await readBoundedFile(path, MAX_PEM_BYTES);
        if (!pem.includes("-----BEGIN ") || pem === next[key]) continue;
        next[key] = pem;
        hasChanged = true;
      } catch {
        // In the middle of being replaced, or gone: what was read last is the best there is.
      }
    }
    this.#freshUntilMs = this.#clock.monotonicMs() + LOOK_AGAIN_MS;
    if (hasChanged) this.#current = next;
    return this.#current;
  }
}
