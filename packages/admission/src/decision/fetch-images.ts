import type { ReviewDeadline } from "../timing/deadline.ts";
import type { ImageMetadataCache } from "../images/image-metadata-cache.ts";

/** Left for evaluating and answering after waiting for images, milliseconds. */
const reserveMs = 100;

/**
 * Asks for images at the same time and calls back after each answer.
 *
 * @param onArrival - tells whether no more need be waited for.
 * @returns why not everything that was asked for is known now; empty when it is, or when the callback wanted no more.
 *
 * @internal
 */
export async function fetchImages(
  references: readonly string[],
  images: Pick<ImageMetadataCache, "get">,
  deadline: ReviewDeadline,
  onArrival: () => Promise<boolean>,
): Promise<string> {
  if (references.length === 0) return "";
  if (deadline.remainingMs() <= reserveMs) return "there was no time to ask about its images";
  const stop = new AbortController();
  const signal = AbortSignal.any([deadline.signal, stop.signal]);
  let failures = 0;
  let waiting = references.map((reference) => {
    const arrival: { done: Promise<unknown> } = { done: Promise.resolve() };
    arrival.done = images.get(reference, { signal }).then(
      () => arrival,
      () => {
        // The image stays unknown, which evaluation shows.
        failures += 1;
        return arrival;
      },
    );
    return arrival;
  });
  try {
    while (waiting.length > 0) {
      const arrived = await Promise.race(waiting.map(({ done }) => done));
      waiting = waiting.filter((arrival) => arrival !== arrived);
      if (deadline.signal.aborted || deadline.remainingMs() < reserveMs / 2)
        return "what is known about its images did not come in time";
      if (await onArrival()) return "";
    }
    return failures === 0 ? "" : "what is known about its images could not be fetched";
  } finally {
    stop.abort();
  }
}
