export const env: Readonly<Record<string, string | undefined>> = { NODE_NAME: "node-1" };

export const write = (text: string): void => {
  process.stdout.write(text);
};

export function run(_nodeName: string | undefined, _resync: number): void {}
