import { isJsonRecord } from "../resources/kube-object.ts";

type Step = (value: unknown) => readonly unknown[];

/** Values that one step may lead to. */
const MAX_VALUES = 10_000;

/**
 * The JSON paths of columns and selectable fields: names, indexes, `[*]` and filters such as `[?(@.type=="Ready")]`.
 */
export class JsonPath {
  readonly #steps: readonly Step[];

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** Undefined when the text is no path, or one with parts that are not supported here. */
  static tryParse(text: string): JsonPath | undefined {
    const steps: Step[] = [];
    let rest = text;
    while (rest !== "" && rest !== ".") {
      const next = parseStep(rest);
      if (next === undefined) return undefined;
      steps.push(next.step);
      rest = rest.slice(next.length);
    }
    return new JsonPath(steps);
  }

  /** The first value it leads to; undefined when there is none. */
  first(value: unknown): unknown {
    let values: readonly unknown[] = [value];
    for (const step of this.#steps) values = values.flatMap((item) => step(item)).slice(0, MAX_VALUES);
    return values[0];
  }
}

function parseStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  const name = /^\.((?:[^.[\]\\]|\\.)+)/.exec(text) ?? /^\[['"]((?:[^'"\\]|\\.)*)['"]\]/.exec(text);
  if (name !== null) return { step: memberStep((name[1] ?? "").replace(/\\(.)/g, "$1")), length: name[0].length };
  const index = /^\[(-?\d{1,9})\]/.exec(text);
  if (index !== null) return { step: indexStep(Number(index[1])), length: index[0].length };
  const every = /^(\[\*\]|\.\*)/.exec(text);
  if (every !== null) return { step: everyStep, length: every[0].length };
  const filter =
    /^\[\?\(\s*@((?:\.[\w-]+)+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|(true|false|-?\d+(?:\.\d+)?))\s*\)\]/.exec(text);
  if (filter === null) return undefined;
  const wanted = filter[3] ?? filter[4] ?? JSON.parse(filter[5] ?? "null");
  return {
    step: filterStep((filter[1] ?? "").slice(1).split("."), filter[2] === "==", wanted),
    length: filter[0].length,
  };
}

function memberStep(name: string): Step {
  return (value) => (isJsonRecord(value) && Object.hasOwn(value, name) ? [value[name]] : []);
}

function indexStep(index: number): Step {
  return (value) => {
    if (!Array.isArray(value)) return [];
    const at = index < 0 ? value.length + index : index;
    return at in value ? [value[at]] : [];
  };
}

function everyStep(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonRecord(value) ? Object.values(value) : [];
}

function filterStep(path: readonly string[], isEqual: boolean, wanted: unknown): Step {
  return (value) =>
    everyStep(value).filter((item) => {
      const found = path.reduce<unknown>((at, name) => (isJsonRecord(at) ? at[name] : undefined), item);
      return found !== undefined && (found === wanted) === isEqual;
    });
}
