// npm test: installs, builds, runs every suite that needs no more than this machine has.
import { install, pnpm } from "./bootstrap.mjs";

install();
pnpm("--silent", "build");
pnpm("--silent", "test:all");
