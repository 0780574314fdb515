/**
 * What can go wrong with the demo itself; faults of the cluster come with their own codes.
 *
 * @internal
 */
export const demoErrors = {
  KINGLET_ERR_DEMO_NOT_BUILT: {
    message: "there is no built program in {folder}",
    retryable: false,
    remedy: "Run `pnpm build`, or `npm start`, which builds first.",
  },
  KINGLET_ERR_DEMO_INSTALL: {
    message: "{program} --install {folder} failed: {reason}",
    retryable: false,
    remedy: "Run the command yourself to see more.",
  },
  KINGLET_ERR_DEMO_SENSOR_ENDED: {
    message: "the sensor ended by itself ({how}): {lastLine}",
    retryable: false,
    remedy: "Its last log line says why.",
  },
  KINGLET_ERR_DEMO_TIMEOUT: {
    message: "{what} did not happen within {seconds} s",
    retryable: true,
    remedy: "On a busy machine run it again; else the sensor's log says what it waits for.",
  },
  KINGLET_ERR_DEMO_ALERTS: {
    message: "{problem}",
    retryable: false,
    remedy: "The demo knows from the recording which alerts must come: the sensor or the profiles are wrong.",
  },
  KINGLET_ERR_DEMO_CRDS_MISSING: {
    message: "{server} does not serve {resources}, which the sensor reads profiles from",
    retryable: false,
    remedy: "Run with --install-crds, or `kubectl apply -f deploy/crds/`.",
  },
  KINGLET_ERR_DEMO_NOT_CONFIRMED: {
    message: "nothing was created on {server}: {reason}",
    retryable: false,
    remedy: "Answer y on a terminal, or run with --yes.",
  },
} as const;
