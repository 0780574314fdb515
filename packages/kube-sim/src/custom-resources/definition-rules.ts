import type { StatusCause } from "../refusals/api-refusal.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { KindRules } from "../resources/kind-rules.ts";
import type { CustomChecks, LoadCustomChecks } from "./custom-checks.ts";
import { recordAt, recordsAt, textAt } from "./definition/definition-spec.ts";
import { initialStatus, withCondition } from "./definition/definition-status.ts";

/** The logic of CustomResourceDefinitions themselves. */
export class DefinitionRules implements KindRules {
  readonly #loadChecks: LoadCustomChecks;
  #checks: CustomChecks | undefined;

  constructor(loadChecks: LoadCustomChecks) {
    this.#loadChecks = loadChecks;
  }

  /** Fills in names, conversion and stored versions. */
  default(object: KubeObject): void {
    if (!isJsonRecord(object.spec)) return;
    const names = recordAt(object.spec, "names");
    const kind = textAt(names, "kind");
    if (textAt(names, "singular") === "") names["singular"] = kind.toLowerCase();
    if (textAt(names, "listKind") === "" && kind !== "") names["listKind"] = `${kind}List`;
    object.spec["names"] = names;
    object.spec["conversion"] ??= { strategy: "None" };
    const client = recordAt(recordAt(recordAt(object.spec, "conversion"), "webhook"), "clientConfig");
    if (isJsonRecord(client["service"])) client["service"]["port"] ??= 443;
    noteStorageVersion(object, "when empty");
  }

  prepareForCreate(object: KubeObject): void {
    object.status = initialStatus(object);
  }

  prepareForUpdate(next: KubeObject, _current: KubeObject, subresource: string): void {
    if (subresource === "") noteStorageVersion(next, "always");
  }

  /** A definition says that its objects are about to go. */
  prepareForDelete(object: KubeObject, now: string): void {
    const marked = withCondition(
      object,
      {
        type: "Terminating",
        status: "True",
        reason: "InstanceDeletionPending",
        message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      },
      now,
    );
    object.status = marked.status;
  }

  async prepare(): Promise<void> {
    this.#checks ??= await this.#loadChecks();
  }

  findProblems(
    object: KubeObject,
    current: KubeObject | undefined,
    subresource: string,
    context: { readonly warn: (text: string) => void },
  ): readonly StatusCause[] {
    return this.#checks?.findProblems(object, current, subresource, context) ?? [];
  }
}

function noteStorageVersion(object: KubeObject, when: "always" | "when empty"): void {
  const storage = recordsAt(recordAt(object, "spec"), "versions").find((version) => version["storage"] === true);
  const status: JsonRecord = recordAt(object, "status");
  const known: readonly unknown[] = Array.isArray(status["storedVersions"]) ? status["storedVersions"] : [];
  const name = storage === undefined ? "" : textAt(storage, "name");
  if (name === "" || known.includes(name) || (when === "when empty" && known.length > 0)) return;
  object.status = { ...status, storedVersions: [...known, name] };
}
