import type { KubeObject } from "../resources/kube-object.ts";

/** One column of a `Table` answer. */
export interface TableColumn {
  readonly name: string;
  /** `string`, `integer`, `number`, `boolean`, `date`. */
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, more only on wish. */
  readonly priority: number;
  /** The cell of an object; `now` in milliseconds since 1970-01-01 UTC. */
  readonly cell: (object: KubeObject, now: number) => unknown;
}
