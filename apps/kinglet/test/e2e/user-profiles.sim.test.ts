import { openSimCluster } from "@kinglet/testing";
import { userProfilesSuite } from "./user-profiles-suite.ts";

userProfilesSuite("profiles of users on a simulated API server", () => openSimCluster());
