import { afterEach, describe, expect, test, vi } from 'vitest';
import { SessionPage, SessionPair } from '../../../tests/fakes/session-page';
import { decodeEnvelope, encodeEnvelope, randomTag } from '../protocol/envelope';
import { OWN_CAPABILITIES } from '../protocol/handshake';
import { idBytes, randomId, type PeerId } from '../protocol/ids';
import { HANDSHAKE_TIMEOUT_MS, MAX_HALF_OPEN } from '../protocol/limits';
import { Initiator } from '../crypto/handshake';
import { MeetingKeys } from './meeting-keys';

afterEach(() => vi.useRealTimers());

/** A message 1 that the meeting's host opens, once for every tag. */
async function messageOne(fragment: string, from: PeerId) {
  const keys = await MeetingKeys.fromFragment(fragment);
  const parties = {
    id: keys.id,
    mode: 'host-guest' as const,
    initiator: idBytes(from),
    responder: idBytes(keys.id),
  };
  const { m1 } = await Initiator.start({ psk: keys.psk, parties, capabilities: OWN_CAPABILITIES });
  return (tag: string) => encodeEnvelope({ kind: 'm1', tag, body: m1 });
}

describe('a host', () => {
  const hosting = async () => {
    const page = new SessionPage();
    const fragment = await page.createMeeting();
    const from = randomId<PeerId>();
    return { page, fragment, from, m1: await messageOne(fragment, from) };
  };
  const refusals = (page: SessionPage) =>
    page.heard.of('refuse').map(({ bytes }) => {
      const envelope = decodeEnvelope(bytes);
      return envelope.kind === 'refused' ? envelope.code : envelope.kind;
    });

  test('keeps a bounded number of half-open handshakes, however fast they come', async () => {
    const { page, from, m1 } = await hosting();
    const count = 100;
    for (let i = 0; i < count; i++) page.receive(from, m1(randomTag()));
    await Promise.all([
      page.heard.nth('knocked', MAX_HALF_OPEN),
      page.heard.nth('refuse', count - MAX_HALF_OPEN),
    ]);
    expect(page.heard.of('knocked')).toHaveLength(MAX_HALF_OPEN);
    expect(new Set(refusals(page))).toEqual(new Set(['rate-limited']));
  });

  test('forgets half-open handshakes after a while, and then answers again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const { page, from, m1 } = await hosting();
    for (let i = 0; i < MAX_HALF_OPEN; i++) page.receive(from, m1(randomTag()));
    await page.heard.nth('knocked', MAX_HALF_OPEN);
    vi.advanceTimersByTime(HANDSHAKE_TIMEOUT_MS - 1_000);
    expect(page.heard.of('closed')).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(page.heard.of('closed')).toHaveLength(MAX_HALF_OPEN);
    page.receive(from, m1(randomTag()));
    await page.heard.nth('knocked', MAX_HALF_OPEN + 1);
    expect(refusals(page)).toEqual([]);
  });

  test('takes a message 1 that comes twice at once for one', async () => {
    const { page, from, m1 } = await hosting();
    const tag = randomTag();
    page.receive(from, m1(tag));
    page.receive(from, m1(tag));
    page.receive(from, m1(randomTag()));
    await page.heard.nth('knocked', 2);
    expect(page.heard.of('knocked').filter(({ connection }) => connection === tag)).toHaveLength(1);
  });

  test('tells whoever has another link that it was replaced', async () => {
    const { page, from } = await hosting();
    const old = await messageOne(await (await MeetingKeys.create()).fragment(), from);
    page.receive(from, old(randomTag()));
    await page.heard.first('refuse');
    expect(refusals(page)).toEqual(['replaced']);
    expect(page.heard.of('knocked')).toEqual([]);
  });

  test('does not answer before it is at the meeting, nor itself', async () => {
    const page = new SessionPage();
    const from = randomId<PeerId>();
    const early = await messageOne(await page.createMeeting(), from);
    const guest = new SessionPage();
    guest.receive(from, early(randomTag()));
    page.receive(null, early(randomTag()));
    page.receive(from, early(randomTag()));
    await page.heard.first('knocked');
    expect(page.heard.of('knocked')).toHaveLength(1);
    expect(guest.heard.events).toEqual([]);
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['an unknown kind', new Uint8Array(100).fill(9)],
    ['half a tag', Uint8Array.of(1, 2, 3)],
    ['a refusal with an unknown code', Uint8Array.of(4, 1, 2, 3, 4, 5, 6, 7, 8, 99)],
    ['more than an envelope holds', new Uint8Array(17 * 1024).fill(1)],
    ['a record of nobody', Uint8Array.of(3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)],
    ['message 2 of nobody', Uint8Array.of(2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)],
  ])('is not moved by %s', async (_, bytes) => {
    const { page, from, m1 } = await hosting();
    const before = page.heard.events.length;
    page.receive(from, bytes);
    page.receive(from, m1(randomTag()));
    await page.heard.first('knocked');
    expect(page.heard.events.slice(before).map(({ type }) => type)).toEqual(['knocked']);
  });
});

describe('the notice that a meeting was retired', () => {
  test('is heard with the signature of the host, and before the goodbye', async () => {
    const pair = new SessionPair();
    await pair.open();
    await pair.retire();
    await pair.guest.heard.nth('talk', 2);
    expect(pair.guest.heard.of('talk').map(({ message }) => message.kind)).toEqual(['retired', 'bye']);
  });

  test.each([
    ['a signature of nobody', { signature: new Uint8Array(64).fill(1) }],
    ['a signature of zeros', { signature: new Uint8Array(64) }],
    ['another time', { timeMs: 1_700_000_000_001 }],
  ])('with %s ends the connection and says nothing', async (_, changes) => {
    const pair = new SessionPair();
    await pair.open();
    await pair.retire(changes);
    expect((await pair.guest.heard.first('closed')).code).toBe('crypto/open-failed');
    expect(pair.guest.heard.of('talk')).toEqual([]);
  });
});

describe('a page that is done', () => {
  test('has its last words heard by the other end', async () => {
    const pair = new SessionPair();
    await pair.open();
    pair.host.post({ type: 'talk', connection: pair.tag, message: { kind: 'bye', code: null } });
    await pair.host.call('shut-down', {});
    await pair.guest.heard.first('closed');
    expect(pair.guest.heard.of('talk')).toMatchObject([{ message: { kind: 'bye' } }]);
  });

  test('can say nothing more', async () => {
    const pair = new SessionPair();
    await pair.open();
    await pair.host.call('close-connection', { connection: pair.tag });
    const before = pair.host.heard.events.length;
    pair.host.post({ type: 'talk', connection: pair.tag, message: { kind: 'typing', isTyping: true } });
    pair.host.post({
      type: 'negotiate',
      connection: pair.tag,
      message: { kind: 'restart' },
      overServer: true,
    });
    pair.host.post({ type: 'admission', connection: pair.tag, admission: { status: 'admit', name: '' } });
    await expect(
      pair.host.call('receive-file', { connection: pair.tag, file: randomId(), size: 1 }),
    ).rejects.toThrow('protocol/unexpected');
    expect(pair.host.heard.events.slice(before).map(({ type }) => type)).toEqual(['failure']);
  });
});
