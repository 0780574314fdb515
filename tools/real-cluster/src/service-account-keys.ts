import { generateKeyPair } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Writes `service-account.key` (private, mode 0600) and `service-account.pub`, a fresh RSA pair, as PEM. @internal */
export async function writeServiceAccountKeys(folder: string): Promise<void> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await Promise.all([
    writeFile(join(folder, "service-account.key"), privateKey, { mode: 0o600 }),
    writeFile(join(folder, "service-account.pub"), publicKey),
  ]);
}
