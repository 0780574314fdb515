/** The parts of an image reference. @public */
export interface ImageName {
  /** `docker.io` when the reference names none. */
  readonly registry: string;
  /** Path in the registry; `library/…` for Docker Hub's own images. */
  readonly remote: string;
  /** `latest` when there is neither tag nor digest; empty when there is only a digest. */
  readonly tag: string;
  /** `sha256:…`; empty when there is none. */
  readonly digest: string;
}

/**
 * Reads an image reference the way container runtimes do. Never throws: what makes no sense ends up in `remote`.
 *
 * @public
 */
export function parseImageName(reference: string): ImageName {
  let rest = reference.trim();
  let digest = "";
  const at = rest.indexOf("@");
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
  }
  let tag = "";
  const slash = rest.lastIndexOf("/");
  const colon = rest.lastIndexOf(":");
  if (colon > slash) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
  }
  if (tag === "" && digest === "") tag = "latest";
  const first = rest.indexOf("/");
  const head = first < 0 ? "" : rest.slice(0, first);
  const namesRegistry = head.includes(".") || head.includes(":") || head === "localhost";
  let registry = namesRegistry ? head : "docker.io";
  let remote = namesRegistry ? rest.slice(first + 1) : rest;
  if (registry === "index.docker.io") registry = "docker.io";
  if (registry === "docker.io" && remote !== "" && !remote.includes("/")) remote = `library/${remote}`;
  return { registry, remote, tag, digest };
}
