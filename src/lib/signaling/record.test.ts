import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { RECORD_CHANNEL, recordLine, type RecordAnswer, type RecordAsk } from './record';

vi.stubGlobal('location', { pathname: '/m' });
const page = new BroadcastChannel(RECORD_CHANNEL);
afterAll(() => page.close());
afterEach(() => (page.onmessage = null));

/** As the page asks that shows it. */
function ask(newest = 0): Promise<RecordAnswer> {
  return new Promise((resolve) => {
    page.onmessage = ({ data }: MessageEvent<RecordAnswer>) => resolve(data);
    page.postMessage({ type: 'ask', known: { [performance.timeOrigin]: newest } } satisfies RecordAsk);
  });
}

test('what crosses is kept and counted; what is sealed or secret is measured and not kept', async () => {
  const record = recordLine();
  const said = JSON.stringify({
    id: 2,
    params: { path: 'relay', input: { to: null, envelope: 'AbCd'.repeat(9) } },
  });
  record(true, said);
  record(
    false,
    JSON.stringify({ session: 'S'.repeat(43), auth: 'a'.repeat(22), credential: 'c='.repeat(14) }),
  );
  const { entries, sent, received, dropped, isMeeting } = await ask();
  expect(entries.map(({ number, isSent, bytes }) => ({ number, isSent, bytes }))).toEqual([
    { number: 1, isSent: true, bytes: said.length },
    { number: 2, isSent: false, bytes: 43 + 22 + 28 + 40 },
  ]);
  expect(JSON.parse(entries[0]?.text ?? '')).toEqual({
    id: 2,
    params: { path: 'relay', input: { to: null, envelope: { characters: 36 } } },
  });
  expect(entries[1]?.text).toBe(
    '{"session":{"characters":43},"auth":{"characters":22},"credential":{"characters":28}}',
  );
  expect([sent.messages, received.messages, dropped, isMeeting]).toEqual([1, 1, 0, true]);
});

test('bytes are those of UTF-8, and signs of life that follow on one another are one entry', async () => {
  const record = recordLine();
  const before = (await ask()).entries.length;
  for (let i = 0; i < 5; i++) {
    record(true, 'PING');
    record(false, 'PONG');
  }
  record(true, 'ü');
  const { entries } = await ask(before + 2);
  expect(entries.map(({ text, count, bytes }) => [text, count, bytes])).toEqual([
    ['PING', 5, 4],
    ['PONG', 5, 4],
    ['ü', 1, 2],
  ]);
  // The same on another connection is not the same.
  recordLine()(true, 'ü');
  expect((await ask(before + 3)).entries).toHaveLength(3);
});

test('it is bounded, and what is dropped is still counted', async () => {
  const record = recordLine();
  const { sent } = await ask();
  for (let i = 0; i < 2_100; i++) record(true, `{"id":${i}}`);
  record(true, 'x'.repeat(100_000));
  const after = await ask();
  expect(after.entries).toHaveLength(2_000);
  expect(after.dropped).toBe((after.entries[0]?.number ?? 0) - 1);
  expect(after.sent.messages - sent.messages).toBe(2_101);
  expect(after.entries.at(-1)?.text.length).toBeLessThan(40_000);
  expect(after.entries.at(-1)?.bytes).toBe(100_000);
});
