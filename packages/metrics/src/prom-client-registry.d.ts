/** The sub-module that writes the text format; the package's own types cover its root entry only. */
declare module "prom-client/lib/registry.js" {
  interface FormattedMetric {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly values: readonly {
      readonly value: number;
      readonly labels: Readonly<Record<string, string>>;
      readonly metricName?: string;
    }[];
  }

  class Registry {
    registerMetric(metric: { readonly name: string; get(): FormattedMetric }): void;
    metrics(): Promise<string>;
    readonly contentType: string;
  }

  export { Registry as default };
}
