import { readFileSync } from "node:fs";
import type { Alert } from "@kinglet/detection";
import { describeError, hasCode } from "@kinglet/errors";
import { containerProfiles, createKubeClient, loadClusterAccess } from "@kinglet/kube-client";
import { isWildcardName, isWildcardPath } from "@kinglet/profile/matching";
import { ExitCode, type AppletContext } from "../../../applet-context.ts";
import { loadYamlText } from "../lazy.ts";
import { allowInProfile, type ProfileDocument } from "./allow-in-profile.ts";
import { CommandFailure } from "./command-failure.ts";
import type { AllowConfig } from "./command-settings.ts";

/** @internal */
export async function allow(file: string, config: AllowConfig, context: AppletContext): Promise<ExitCode> {
  const alert = readAlert(file);
  const { allowedBy, profile, namespace } = alert;
  if (allowedBy === undefined || isWildcard(allowedBy.entry)) {
    throw new CommandFailure(whyNot(alert), ExitCode.input);
  }
  if (profile === undefined || profile.name === "") {
    throw new CommandFailure(
      "the container was judged without a profile: there is nothing yet to add the entry to. It is allowed once its profile is learned with it",
      ExitCode.input,
    );
  }
  const base = config.profile === undefined ? await fetchProfile(alert, config, context) : readProfile(config.profile);
  const allowed = allowInProfile(base, allowedBy, { containerName: alert.containerName, namespace, as: config.as });
  const { toJson, toYaml } = await loadYamlText();
  await context.stdout.write(config.output === "json" ? toJson(allowed) : toYaml(allowed));
  if (allowedBy.isShortened === true) {
    await context.stderr.write(
      "the arguments were too long for an alert to name, or were cut by the source: wildcards stand for them, and the entry allows executions that differ only there\n",
    );
  }
  if (config.as !== undefined) {
    await context.stderr.write(
      `it holds for pods with the label kubescape.io/user-defined-profile: ${config.as}; put it into the pod template\n`,
    );
  }
  return ExitCode.ok;
}

/** Why nothing can be added to a profile, and what to do instead. */
function whyNot({ ruleId, namespace, containerId, allowedBy, profileMetadata }: Partial<Alert>): string {
  const place = namespace === undefined || namespace === "" ? "" : ` of namespace ${namespace}`;
  if (ruleId === "KINGLET-BUDGET" && !isText(containerId)) {
    return `this is no alert about a container: it says that further alerts${place} were held back after too many. Allow, or mend the cause of, those that came before it, or raise --alert-budget`;
  }
  if (ruleId === "KINGLET-GAP" && !isText(containerId)) {
    return "this is no alert about a container: it says that alerts to a receiver were lost while it did not answer. They are on standard output and with the other receivers, if any";
  }
  const instead = "Disable the rule, or leave the pod out of its binding";
  const rule = isText(ruleId) ? ruleId : "of the alert";
  if (allowedBy === undefined && profileMetadata === undefined) {
    return `no profile can allow it: rule ${rule} does not ask the profile. ${instead}`;
  }
  return `no entry of a profile can allow this and nothing else: rule ${rule} does not ask the profile about what happened, profiles have nothing for events of its kind, or they read its name or one of its arguments as a wildcard. ${instead}`;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Alerts name no such entry, but a file may come from elsewhere. An argument may be the wildcard for one: it stands for a secret. */
function isWildcard(entry: unknown): boolean {
  const { path, dnsNames } = entry as { readonly path?: unknown; readonly dnsNames?: unknown };
  if (typeof path === "string" && isWildcardPath(path)) return true;
  return Array.isArray(dnsNames) && dnsNames.some((name) => isWildcardName(String(name)));
}

/** The first alert of the file; a file of alerts has one to a line. */
function readAlert(file: string): Alert {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`, ExitCode.input);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = tryParse(text.split("\n", 1)[0] ?? "");
  }
  const alert = value as Partial<Alert> | undefined;
  if (
    typeof alert !== "object" ||
    alert === null ||
    typeof alert.uniqueId !== "string" ||
    typeof alert.namespace !== "string" ||
    !isAllowance(alert.allowedBy)
  ) {
    throw new CommandFailure(`${file} is no alert of the sensor as JSON (--output json)`, ExitCode.input);
  }
  return { ...alert, allowedBy: alert.allowedBy ?? undefined, profile: alert.profile ?? undefined } as Alert;
}

/** An alert without one is an alert, too. */
function isAllowance(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  const { path, entry } = value as { readonly path?: unknown; readonly entry?: unknown };
  return typeof path === "string" && path.startsWith("spec.") && entry !== undefined && entry !== null;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readProfile(file: string): ProfileDocument {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProfileDocument;
  } catch (error) {
    throw new CommandFailure(`profile ${file} cannot be read as JSON: ${(error as Error).message}`, ExitCode.input);
  }
}

async function fetchProfile(
  { namespace, profile }: Alert,
  config: AllowConfig,
  context: AppletContext,
): Promise<ProfileDocument> {
  const name = profile?.name ?? "";
  try {
    const { clock, env } = context;
    const access = await loadClusterAccess({ kubeconfigPath: config.kubeconfig, context: config.context, env, clock });
    await using client = createKubeClient(access, { userAgent: `kinglet-sensor/${context.version}`, clock });
    const options = { namespace, signal: context.signal, timeoutMs: 10_000 };
    return await client.get<ProfileDocument>(containerProfiles, name, options);
  } catch (error) {
    const why = hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND") ? "it is gone" : describeError(error);
    throw new CommandFailure(`profile ${namespace}/${name}: ${why}`, ExitCode.input);
  }
}
