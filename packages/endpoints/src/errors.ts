/**
 * Error codes of this package.
 *
 * @public
 */
export const endpointsErrors = {
  KINGLET_ERR_ENDPOINTS_BIND: {
    message: "bind address {bind} is malformed: {reason}",
    retryable: false,
    remedy: "Write :8080, 127.0.0.1:8080, [::1]:8080, or 0 to switch the listener off.",
  },
  KINGLET_ERR_ENDPOINTS_PORT_IN_USE: {
    message: "cannot listen on {bind}: the port is in use",
    retryable: true,
    remedy: "Choose another port, or end the program that uses it.",
  },
  KINGLET_ERR_ENDPOINTS_ADDRESS: {
    message: "cannot listen on {bind}: {reason}",
    retryable: false,
    remedy: "Use an address of this machine and a port that the process may open (1024 and up without privileges).",
  },
  KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED: {
    message: "debug endpoints on {bind} would be reachable from outside without a token",
    retryable: false,
    remedy: "Bind them to 127.0.0.1 or ::1, or give a token file.",
  },
  KINGLET_ERR_ENDPOINTS_TOKEN_FILE: {
    message: "token file {path} cannot be used: {reason}",
    retryable: false,
    remedy: "Put a token of at least 16 characters into the file and make it readable for the process.",
  },
  KINGLET_ERR_ENDPOINTS_READINESS_NAME: {
    message: "readiness condition {name} is registered already",
    retryable: false,
    remedy: "Give each condition a name of its own.",
  },
} as const;
