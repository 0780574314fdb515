import type { AppletContext, ExitCode } from "../../applet-context.ts";
export async function main(_c: AppletContext): Promise<ExitCode> {
  return 1;
}
