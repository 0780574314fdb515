import type { ProfileObjectChange, ProfileWatchHandler } from "../src/profile-source.ts";
import { FakeSource } from "./cache-fixture.ts";

/** A store whose metadata watch a test moves by hand. */
export class WatchedSource extends FakeSource {
  handler: ProfileWatchHandler | undefined;
  readonly #end = Promise.withResolvers<void>();

  watchMetadata(handler: ProfileWatchHandler): Promise<void> {
    this.handler = handler;
    return this.#end.promise;
  }

  /** What the watch would say of an object as it is now. */
  report(
    type: ProfileObjectChange["type"],
    name: string,
    kind: ProfileObjectChange["kind"] = "ContainerProfile",
  ): void {
    const key = kind === "ContainerProfile" ? `shop/${name}` : `${kind}/shop/${name}`;
    const resourceVersion = this.objects.get(key)?.metadata.resourceVersion ?? "";
    this.handler?.changed({ type, kind, namespace: "shop", name, resourceVersion });
  }

  fail(error: Error): void {
    this.#end.reject(error);
  }
}
