export type { LearningState } from "./learning-state.ts";
