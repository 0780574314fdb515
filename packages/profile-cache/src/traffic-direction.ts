/** Which way a connection goes. @public */
export type TrafficDirection = "ingress" | "egress";
