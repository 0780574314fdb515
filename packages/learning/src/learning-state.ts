/** What a learner is doing with one container. @public */
export type LearningState = "initializing" | "ready" | "completed" | "failed" | "too-large" | "ignored";
