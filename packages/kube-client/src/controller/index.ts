export { isConditionStatus, setCondition, type Condition } from "./conditions.ts";
export {
  runController,
  terminalError,
  type ControllerOptions,
  type ReconcileContext,
  type ReconcileResult,
} from "./controller.ts";
export { enqueueObjects, ownerKeys } from "./enqueue-objects.ts";
export { EventRecorder, type EventRecorderOptions } from "./event-recorder.ts";
export { addFinalizer, removeFinalizer, type FinalizedObject } from "./finalizers.ts";
export { leases } from "./lease.ts";
export { addOwner, type OwnerReference } from "./owner-reference.ts";
export { createRateLimiter, type RateLimiter, type RateLimiterOptions } from "./rate-limiter.ts";
export { events, type EventInput, type ObjectReference } from "./recorded-event.ts";
export { runAsLeader, type LeaderOptions } from "./run-as-leader.ts";
export { findSilentWatches } from "./watch-liveness.ts";
export { LOW_PRIORITY, WorkQueue, type AddOptions, type WorkQueueOptions } from "./work-queue.ts";
export {
  applyObject,
  createGenerated,
  deleteObject,
  patchStatus,
  updateObject,
  type UpdateOptions,
} from "./write-object.ts";
