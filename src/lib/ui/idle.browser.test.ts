import { expect, onTestFinished, test } from 'vitest';
import { whenIdle } from './idle';

const STRETCH_MS = 30;

/** One piece of work after the other, and none of them the last. */
function keepBusy(): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const untilMs = performance.now() + STRETCH_MS;
    while (performance.now() < untilMs);
    port2.postMessage(null);
  };
  onTestFinished(() => port1.close());
  port2.postMessage(null);
}

test('a page that never comes to rest gets what is left all the same', async () => {
  keepBusy();
  let isDone = false;
  whenIdle(() => (isDone = true));
  await expect.poll(() => isDone, { timeout: 5_000 }).toBe(true);
});
