import { realpath } from "node:fs/promises";

import { createError } from "@kinglet/errors";

import { DirectoryProfileStore, type DirectoryProfileStoreContext } from "./directory-profile-store.ts";
import { storageErrors } from "./errors.ts";
import { nodeFileOperations } from "./file-operations.ts";

/**
 * Looks at the directory and makes the store.
 *
 * @throws as `openDirectoryProfileStore`.
 *
 * @internal
 */
export async function createDirectoryProfileStore(
  context: Omit<DirectoryProfileStoreContext, "files">,
): Promise<DirectoryProfileStore> {
  const subject = { object: "the store", store: `the directory ${context.path}` };
  let path: string;
  let isDirectory: boolean;
  try {
    path = await realpath(context.path);
    isDirectory = await nodeFileOperations.isDirectory(path, { followLinks: false });
  } catch (error) {
    const details = { ...subject, problem: (error as Error).message };
    throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE", details, { cause: error });
  }
  if (!isDirectory) {
    throw createError(storageErrors, "KINGLET_ERR_STORAGE_CLIENT_INVALID", { ...subject, problem: "not a directory" });
  }
  return new DirectoryProfileStore({ ...context, path, files: nodeFileOperations });
}
