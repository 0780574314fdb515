import { createError } from "@kinglet/errors";
import type { Environment } from "@marcbachmann/cel-js";

import {
  celFunctionDeclarations,
  olderFamily,
  type CelFunctionDeclaration,
  type CelFunctionName,
  type CelFunctions,
  type CelType,
} from "./cel-functions.ts";
import type { CostMeter } from "./cost-meter.ts";
import { policyEngineErrors } from "./errors.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Declares every function of the table to the library.
 *
 * A dotted name becomes a method of a constant: `cp` is a value of a type of its own, and `was_executed` a method of that type.
 * Functions without an implementation are declared too, so that their calls are type-checked; the scan refuses them.
 *
 * @internal
 */
export function registerCelFunctions(environment: Environment, functions: CelFunctions, meter: CostMeter): void {
  const namespaces = new Set<string>();
  for (const name of Object.keys(celFunctionDeclarations) as CelFunctionName[]) {
    const declaration: CelFunctionDeclaration = celFunctionDeclarations[name];
    const dot = name.indexOf(".");
    const implementation = functions[name] as AnyFunction | undefined;
    const all = [...declaration.params, ...(declaration.optionalParams ?? [])];
    for (const namespace of [name.slice(0, dot), olderFamily(name)]) {
      if (namespace === undefined) continue;
      if (!namespaces.has(namespace)) {
        namespaces.add(namespace);
        registerNamespace(environment, namespace);
      }
      for (let arity = declaration.params.length; arity <= all.length; arity++) {
        const params = all.slice(0, arity);
        environment.registerFunction({
          name: name.slice(dot + 1),
          receiverType: namespace,
          returnType: declaration.returns,
          params: params.map((type, index) => ({ name: `arg${index}`, type })),
          handler: createHandler(name, params, declaration.cost, implementation, meter),
          async: false,
        });
      }
    }
  }
}

function registerNamespace(environment: Environment, namespace: string): void {
  // The library tells namespaces apart by their class, so each gets one of its own.
  class Namespace {
    readonly namespace = namespace;
  }
  environment.registerType(namespace, Namespace);
  environment.registerConstant(namespace, namespace, new Namespace());
}

/** One closure per arity: a rest parameter would allocate an array per call. */
function createHandler(
  name: CelFunctionName,
  params: readonly CelType[],
  cost: number,
  implementation: AnyFunction | undefined,
  meter: CostMeter,
): AnyFunction {
  const run = implementation ?? refuse(name);
  const p0 = params[0] ?? "string";
  const p1 = params[1] ?? "string";
  const p2 = params[2] ?? "string";
  const p3 = params[3] ?? "string";
  switch (params.length) {
    case 1:
      return (_receiver, a) => {
        meter.charge(cost);
        return run(convert(name, p0, a));
      };
    case 2:
      return (_receiver, a, b) => {
        meter.charge(cost);
        return run(convert(name, p0, a), convert(name, p1, b));
      };
    case 3:
      return (_receiver, a, b, c) => {
        meter.charge(cost);
        return run(convert(name, p0, a), convert(name, p1, b), convert(name, p2, c));
      };
    default:
      return (_receiver, a, b, c, d) => {
        meter.charge(cost);
        return run(convert(name, p0, a), convert(name, p1, b), convert(name, p2, c), convert(name, p3, d));
      };
  }
}

/** Reached only if an expression ran that was never validated. */
function refuse(name: CelFunctionName): AnyFunction {
  return () => {
    throw createError(policyEngineErrors, "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE", {
      expression: name,
      reason: `function ${name} has no implementation`,
    });
  };
}

/** Checks an argument and gives it its shape at the port. The library has checked types as far as they are static. */
function convert(name: CelFunctionName, type: CelType, value: unknown): unknown {
  switch (type) {
    case "string":
      if (typeof value === "string") return value;
      break;
    case "int":
      if (typeof value === "bigint") return Number(value);
      break;
    case "uint": {
      const plain = typeof value === "object" ? (value as object).valueOf() : value;
      if (typeof plain === "bigint") return Number(plain);
      break;
    }
    case "list<string>": {
      const list = value instanceof Set ? [...value] : value;
      if (Array.isArray(list) && list.every((element) => typeof element === "string")) return list;
      break;
    }
    case "bool":
    case "map<string, string>":
      return value;
  }
  throw createError(policyEngineErrors, "KINGLET_ERR_POLICY_ENGINE_ARGUMENT", {
    function: name,
    reason: `${type} expected, got ${Array.isArray(value) ? "a list with other elements" : typeof value}`,
  });
}
