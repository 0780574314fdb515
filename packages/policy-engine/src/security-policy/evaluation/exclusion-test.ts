import type { TextTest } from "../matching/text-test.ts";
import type { LifecycleStage } from "../model/policy-names.ts";
import type { PolicyExclusion } from "../model/security-policy.ts";
import { needBit, type Evaluation } from "./evaluation.ts";
import { ScopeTest, type PatternCompiler } from "./scope-test.ts";
import { isFalse, isTrue, isUnknown, type Truth } from "./truth.ts";

/**
 * One exclusion of a policy.
 *
 * @internal
 */
export class ExclusionTest {
  /** Never expires when infinite; a time that cannot be read has passed. */
  readonly #expiresMs: number;
  readonly #hasDeployment: boolean;
  readonly #name: TextTest | undefined;
  readonly #scope: ScopeTest | undefined;
  readonly #image: string;

  constructor(exclusion: PolicyExclusion, patterns: PatternCompiler) {
    const { deployment, image, expiration } = exclusion;
    this.#expiresMs = expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiration);
    this.#hasDeployment = deployment !== undefined && (deployment.name !== "" || deployment.scope !== undefined);
    this.#name = deployment && patterns.compile(deployment.name);
    this.#scope = deployment?.scope && new ScopeTest(deployment.scope, patterns);
    this.#image = image?.name ?? "";
  }

  test(evaluation: Evaluation, stage: LifecycleStage): Truth {
    if (!(evaluation.nowMs < this.#expiresMs)) return isFalse;
    if (stage === "BUILD") return this.#isImageExcluded(evaluation) ? isTrue : isFalse;
    return this.#hasDeployment ? this.#testDeployment(evaluation) : isFalse;
  }

  #testDeployment(evaluation: Evaluation): Truth {
    const { workload } = evaluation;
    if (workload === undefined) {
      evaluation.missing |= needBit.workload;
      return isUnknown;
    }
    if (this.#name !== undefined && !this.#name(workload.name)) return isFalse;
    return this.#scope === undefined ? isTrue : this.#scope.test(evaluation);
  }

  #isImageExcluded(evaluation: Evaluation): boolean {
    if (this.#image === "" || evaluation.workload === undefined) return false;
    return evaluation.workload.containers.every(({ image, imageName }) => {
      const full = `${imageName.registry}/${imageName.remote}${imageName.tag === "" ? "" : `:${imageName.tag}`}`;
      return image.startsWith(this.#image) || full.startsWith(this.#image);
    });
  }
}
