import type { ProfileSource } from "@kinglet/profile-cache";

export const source: ProfileSource = { getContainerProfile: () => Promise.resolve(undefined) };
export const containerId: string = "a".repeat(64);
export const profileName = "replicaset-web-web";
