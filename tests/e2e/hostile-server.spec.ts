import { decodeEnvelope, encodeEnvelope } from '../../src/lib/protocol/envelope';
import type { Bytes } from '../../src/lib/protocol/bytes';
import { NO_POLICY, OWN_CAPABILITIES } from '../../src/lib/protocol/handshake';
import { idBytes, randomId, type PeerId } from '../../src/lib/protocol/ids';
import { Responder } from '../../src/lib/crypto/handshake';
import { createHostKey } from '../../src/lib/crypto/host-key';
import { openFragment } from '../../src/lib/crypto/link';
import { linkKeys } from '../../src/lib/crypto/link-keys';
import type { Carried } from '../support/relay';
import { expect, inLanes, test } from './behind-relay';
import { Lane } from './lane';

/** A server that lies about who is who, with real browsers before it (PROTOCOL section 14). */

/** What the first two guests' envelopes of one step do: each arrives in the place of the other. */
function swap(step: Carried['step'], count: number): (carried: Carried) => void {
  let left = count;
  let held: Carried | null = null;
  return (carried) => {
    if (carried.step !== step || left === 0) return carried.pass(carried.bytes);
    if (held === null) {
      held = carried;
      return;
    }
    held.pass(carried.bytes);
    carried.pass(held.bytes);
    held = null;
    left--;
  };
}

test('two guests whose envelopes are swapped are still who they are', async ({ setting, browser }) => {
  test.setTimeout(120_000);
  const { relay, hosts, guests } = setting;
  const other = await browser.newContext({ baseURL: relay.url, locale: 'en-GB' });
  for (const step of ['message 1', 'record 0 of the guest'] as const) {
    await test.step(step, async () => {
      const lane = await Lane.open(hosts, guests, 'Gerda');
      const stranger = lane.besides(await other.newPage(), 'Mallory');
      await lane.host.getByRole('checkbox', { name: 'Ask me before anyone comes in' }).check();
      relay.tamper(lane.meeting, swap(step, 1));
      await Promise.all([lane.join(), stranger.join()]);
      const room = lane.host.getByRole('region', { name: 'Waiting room' });
      for (const name of ['Gerda', 'Mallory']) await expect(room).toContainText(name, { timeout: 30_000 });
      await room.getByRole('button', { name: 'Admit Gerda' }).click();
      await lane.expectTrueConnection();
      await lane.expectTalk('only to you');
      await expect(stranger.guest.getByRole('textbox', { name: 'Message' })).toBeHidden();
      await expect(stranger.guest.getByText('only to you')).toHaveCount(0);
      expect(lane.problems).toEqual([]);
      await Promise.all([lane.guest.close(), stranger.guest.close(), lane.host.close()]);
    });
  }
  await other.close();
});

test('a server that plays the host gets nowhere, even with the link', async ({ setting }) => {
  test.setTimeout(90_000);
  await inLanes(setting, ['Gerda'], async (lane) => {
    const own = await createHostKey();
    let answers = 0;
    setting.relay.tamper(lane.meeting, (carried) => {
      // The true host hears nothing; the liar, who got hold of the link, answers in its place.
      if (carried.step !== 'message 1') return;
      void forgedM2(lane.link, carried, own).then((m2) => {
        answers++;
        carried.reflect(m2);
      });
    });
    await lane.join();
    await lane.expectWarning(/interfering/);
    expect(answers).toBeGreaterThanOrEqual(3);
    await expect(lane.host.getByText('Gerda')).toHaveCount(0);
  });
});

/** A message 2 that is right in everything but the key of the host. */
async function forgedM2(
  link: string,
  { bytes, sender }: Carried,
  host: { publicKey: Bytes; privateKey: CryptoKey },
): Promise<Bytes> {
  const { id, secret } = await openFragment(new URL(link).hash.slice(1));
  const { psk } = await linkKeys(id, secret);
  const m1 = decodeEnvelope(bytes);
  if (m1.kind !== 'm1' || sender === null) throw new Error('message 1 was expected');
  const parties = { id, mode: 'host-guest' as const, initiator: idBytes(sender), responder: idBytes(id) };
  const responder = await Responder.accept({ psk, parties }, m1.body);
  const m2 = await responder.writeM2({
    host,
    capabilities: OWN_CAPABILITIES,
    policy: NO_POLICY,
    offer: null,
  });
  return encodeEnvelope({ kind: 'm2', tag: m1.tag, body: m2.bytes });
}

test('a server that gives out wrong peer ids connects nobody', async ({ setting }) => {
  test.setTimeout(90_000);
  const { relay } = setting;
  await inLanes(setting, ['Gerda'], async (lane) => {
    relay.onEvent = (event) => (event.type === 'hello' ? { ...event, peer: randomId<PeerId>() } : event);
    await lane.join();
    await lane.expectWarning(/replaced|interfering/);
    relay.onEvent = (event) => event;
    await test.step('and an honest one does again', async () => {
      await lane.join();
      await lane.expectTrueConnection();
    });
  });
});

test('a claim with another key is refused, and the host reads why', async ({ setting }) => {
  const { relay, hosts } = setting;
  const liar = await createHostKey();
  relay.onCall = (path, input) =>
    path === 'claim' ? { ...input, publicKey: Buffer.from(liar.publicKey).toString('base64url') } : input;
  const page = await hosts.newPage();
  await page.goto('/m#new');
  await expect(page.getByRole('alert')).toContainText('did not accept that this is your meeting');
  const link = await page.getByRole('textbox', { name: 'Invite link' }).inputValue();
  relay.onCall = (_, input) => input;
  const guest = await setting.guests.newPage();
  await guest.goto(link);
  await expect(guest.getByRole('status')).not.toContainText('The host is here');
  await Promise.all([page.close(), guest.close()]);
});

const JUNK: readonly string[] = [
  '',
  'null',
  '{',
  '[]',
  '"PONG"',
  '{"__proto__":{"polluted":1}}',
  '{"id":1,"result":{"type":"data"}}',
  `{"id":1,"result":{"type":"data","data":${'['.repeat(1_000)}${']'.repeat(1_000)}}}`,
  '{"id":999,"result":{"type":"data","data":{}}}',
  '{"id":1,"error":{"message":"x","code":-1,"data":{"wire":"retired"}}}',
];
const JUNK_EVENTS: readonly unknown[] = [
  null,
  7,
  'retired',
  { type: 'retired' },
  { type: 'retired', id: 'x' },
  { type: 'relay', id: 'A'.repeat(22), from: null, envelope: 'A' },
  { type: 'knock', id: 'A'.repeat(22), peer: 'A'.repeat(22), envelope: 'AAAA' },
  { type: 'gone', id: 'A'.repeat(22), peer: 'A'.repeat(22) },
  { type: 'made up', id: 'A'.repeat(22) },
  { type: 'presence', id: 'A'.repeat(22), hostPresent: true },
];

test('junk from the server breaks no page and no meeting', async ({ setting }) => {
  test.setTimeout(90_000);
  const { relay } = setting;
  await inLanes(setting, ['Gerda'], async (lane) => {
    await lane.join();
    await lane.expectTrueConnection();
    for (const junk of JUNK_EVENTS) relay.say(lane.meeting, junk);
    for (const bytes of [[], [1], [3, 0, 0], Array(4_000).fill(3)] as number[][]) {
      const envelope = Buffer.from(bytes).toString('base64url') || 'AA';
      relay.say(lane.meeting, { type: 'relay', id: lane.meeting, from: null, envelope });
      relay.say(lane.meeting, { type: 'relay', id: lane.meeting, from: randomId<PeerId>(), envelope });
    }
    await lane.expectTalk('still here');
    for (const text of JUNK) relay.shout(lane.meeting, text);
    await lane.expectTalk('and still');
    // Whatever the socket made of it: a connection that is open needs no server.
    await lane.join();
    await lane.expectTrueConnection(30_000);
    // The client library reports a frame that it cannot read, and goes on.
    const reported = lane.problems.splice(0).filter((problem) => !/JSON|'in' operator/.test(problem));
    expect(reported).toEqual([]);
  });
});
