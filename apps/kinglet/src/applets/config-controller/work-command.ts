/** First argument of the process that works for a config-controller; people have no use for it. */
export const workCommand = "work";
