import { hash } from "node:crypto";

import { createError } from "@kinglet/errors";

import { storageErrors } from "./errors.ts";
import { profileResource, type ProfileKind } from "./profile-kind.ts";

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** Longest file name of common file systems, bytes. */
const MAX_FILE_NAME = 255;
const SUFFIX = ".json";

/**
 * File name of an object: `<name>.json`. Names too long for a file (251 … 253 characters) are cut and get `~` and 16 hex digits of
 * their SHA-256; `~` is in no object name, so no two names share a file.
 *
 * @internal
 */
export function profileFileName(name: string): string {
  if (name.length + SUFFIX.length <= MAX_FILE_NAME) return name + SUFFIX;
  const tail = `~${hash("sha256", name, "hex").slice(0, 16)}${SUFFIX}`;
  return name.slice(0, MAX_FILE_NAME - tail.length) + tail;
}

/**
 * Name of the file that a write prepares. One per object, so that interrupted writes leave at most one behind, which the next
 * write reuses.
 *
 * @internal
 */
export function temporaryFileName(name: string): string {
  return `.${hash("sha256", name, "hex").slice(0, 32)}.tmp`;
}

/**
 * Refuses what is not a Kubernetes name: the only way that a name gets into a path.
 *
 * @throws `KINGLET_ERR_STORAGE_CLIENT_INVALID`
 *
 * @internal
 */
export function assertObjectName(store: string, namespace: string, name: string): void {
  if (LABEL.test(namespace) && SUBDOMAIN.test(name)) return;
  throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", {
    object: `${namespace}/${name}`,
    store,
    problem: "namespace and name must be Kubernetes names",
  });
}

/** @throws as {@link assertObjectName}. @internal */
export function assertNamespace(store: string, namespace: string): void {
  assertObjectName(store, namespace, "x");
}

/**
 * Folder of a kind within its namespace: container profiles have none of their own. No object file has such a name, they end in `.json`.
 *
 * @internal
 */
export function kindFolder(kind: ProfileKind): string {
  return kind === "ContainerProfile" ? "" : profileResource(kind).plural;
}

/** @internal */
export function isNamespaceName(text: string): boolean {
  return LABEL.test(text);
}

/**
 * Name of the object that a file is about.
 *
 * @returns undefined when it is no file of an object; `""` when the name is in the file alone, being too long for a file name.
 *
 * @internal
 */
export function objectNameOf(fileName: string): string | undefined {
  if (!fileName.endsWith(SUFFIX)) return undefined;
  const name = fileName.slice(0, -SUFFIX.length);
  if (/~[0-9a-f]{16}$/.test(name)) return "";
  return SUBDOMAIN.test(name) ? name : undefined;
}
