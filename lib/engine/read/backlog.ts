/** Waiting events above which reading rests until the flow has caught up: keeps disk and claims bounded. */
export const BACKLOG_HIGH = 20_000;
