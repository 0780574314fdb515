import type { LearnedProfileStore } from "@kinglet/learning";
import type { ContainerProfile } from "@kinglet/profile";

/** From so many entries on a step of an update leaves several megabytes behind. */
const largeEntries = 4_000;

/**
 * A store for learners of which a large profile does not take several times its size: what a step of an update has left behind is given back
 * before the next one begins, and at the end. V8 would let it lie beside the next copy, and in an idle process for minutes after that.
 *
 * Cost: nothing for a profile of up to 4,000 entries; for a larger one, which is written once in ten minutes, three pauses of 1 to 2 ms per
 * MB of heap.
 *
 * @param giveBack - collects garbage at once.
 *
 * @internal
 */
export function createThriftyStore(store: LearnedProfileStore, giveBack: () => void): LearnedProfileStore {
  return {
    async update(namespace, name, merge, options) {
      let isLarge = false;
      const look = (profile: ContainerProfile | undefined): ContainerProfile | undefined => {
        if (profile !== undefined && entriesOf(profile) > largeEntries) {
          isLarge = true;
          giveBack();
        }
        return profile;
      };
      try {
        return await store.update(namespace, name, (current) => look(merge(look(current))), options);
      } finally {
        if (isLarge) giveBack();
      }
    },
  };
}

function entriesOf({ spec }: ContainerProfile): number {
  return spec.execs.length + spec.opens.length + spec.ingress.length + spec.egress.length;
}
