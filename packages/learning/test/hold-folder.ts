/** Takes a folder, says so, or says why not, and stays until it is killed. */
import { describeError, hasCode } from "@kinglet/errors";
import { lockFolder } from "../src/lock-folder.ts";

const [, , folder = ""] = process.argv;
try {
  await lockFolder(folder);
  process.stdout.write("held\n");
} catch (error) {
  process.stdout.write(
    `${hasCode(error, "KINGLET_ERR_LEARNING_LOCKED") ? "locked" : "failed"}: ${describeError(error)}\n`,
  );
}
setInterval(() => {}, 60_000);
