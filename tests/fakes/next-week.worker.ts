/** The session's worker in eight days. */
const DAY_MS = 24 * 60 * 60 * 1000;
const now = () => performance.timeOrigin + performance.now();
Date.now = () => now() + 8 * DAY_MS;
await import('../../src/lib/worker/session.worker');

export {};
