import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Readiness, type Check } from './readiness';

const yes: Check = () => Promise.resolve(true);
const no: Check = () => Promise.resolve(false);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function serving(checks: Parameters<Readiness['serve']>[0]) {
  const clock = { ms: 0 };
  const readiness = new Readiness(() => clock.ms);
  readiness.serve(checks);
  return { readiness, clock };
}

test('from the start to the end', async () => {
  const readiness = new Readiness();
  expect(await readiness.standing()).toBe('starting');
  readiness.serve();
  expect(await readiness.standing()).toBe('ready');
  readiness.drain();
  expect(await readiness.standing()).toBe('draining');
  readiness.serve();
  expect(await readiness.standing()).toBe('draining');
});

test.each([
  [{ registry: yes, redis: yes }, 'ready'],
  [{ registry: no }, 'registry'],
  [{ registry: yes, redis: no }, 'redis'],
  [{ redis: no, registry: no }, 'registry'],
  [{ redis: () => Promise.reject(new Error('gone')) }, 'redis'],
  [
    {
      registry: () => {
        throw new Error('closed');
      },
    },
    'registry',
  ],
] as const)('%o is %s', async (checks, word) => {
  expect(await serving(checks).readiness.standing()).toBe(word);
});

test('a check that hangs is a no after a second, and runs once however many ask', async () => {
  const hangs = vi.fn<Check>(() => new Promise(() => undefined));
  const { readiness, clock } = serving({ redis: hangs });
  for (let round = 0; round < 3; round++) {
    const standings = [readiness.standing(), readiness.standing()];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(standings)).toEqual(['redis', 'redis']);
    clock.ms += 1_000;
  }
  expect(hangs).toHaveBeenCalledTimes(1);
});

test('probes cost one look a second, and a new one sees what has changed', async () => {
  const answers = [true, false, true];
  const check = vi.fn<Check>(() => Promise.resolve(answers.shift() ?? false));
  const { readiness, clock } = serving({ registry: check });
  const words: string[] = [];
  for (const atMs of [0, 1, 999, 1_000, 1_500, 2_000]) {
    clock.ms = atMs;
    words.push(await readiness.standing());
  }
  expect(words).toEqual(['ready', 'ready', 'ready', 'registry', 'registry', 'ready']);
  expect(check).toHaveBeenCalledTimes(3);
});

test('what threw is asked again', async () => {
  let isClosed = true;
  const { readiness, clock } = serving({
    registry: () => {
      if (isClosed) throw new Error('closed');
      return Promise.resolve(true);
    },
  });
  expect(await readiness.standing()).toBe('registry');
  isClosed = false;
  clock.ms = 1_000;
  expect(await readiness.standing()).toBe('ready');
});

test('the end counts at once, also for who was waiting for an answer', async () => {
  const { readiness } = serving({ redis: () => new Promise(() => undefined) });
  const standing = readiness.standing();
  readiness.drain();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await standing).toBe('draining');
  expect(vi.getTimerCount()).toBe(0);
});
