export { describeProfileStore, type OpenedProfileStore, type ProfileStoreUnderTest } from "./profile-store-contract.ts";
