// npm start: installs, builds, runs the demo. Arguments go to the demo.
import { install, pnpm } from "./bootstrap.mjs";

install();
pnpm("--silent", "build");
pnpm("--silent", "demo", ...process.argv.slice(2));
