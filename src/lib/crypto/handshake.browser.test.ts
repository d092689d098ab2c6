import { expect, test } from 'vitest';
import { NO_POLICY } from '../protocol/handshake';
import { Initiator, Responder } from './handshake';
import { createHostKey, meetingIdOf } from './host-key';
import { RecordOpener, RecordSealer } from './record';

test('a whole handshake with the browser’s own cryptography', async () => {
  const psk = new Uint8Array(32).fill(1);
  const host = await createHostKey();
  const id = await meetingIdOf(host.publicKey);
  const [initiatorPeer, responderPeer] = [new Uint8Array(16).fill(2), new Uint8Array(16).fill(3)];
  const parties = { id, mode: 'host-guest' as const, initiator: initiatorPeer, responder: responderPeer };
  const initiator = await Initiator.start({ psk, parties, capabilities: 3 });
  const responder = await Responder.accept({ psk, parties }, initiator.m1);
  const answered = await responder.writeM2({ host, capabilities: 3, policy: NO_POLICY, offer: null });
  const altered = answered.bytes.map((byte, i) => (i === 70 ? byte ^ 1 : byte));
  await expect(initiator.readM2(altered, { hostMeetingId: id })).rejects.toMatchObject({
    code: 'crypto/open-failed',
  });
  const { payload, secrets } = await initiator.readM2(answered.bytes, { hostMeetingId: id });
  await responder.checkCommit(initiator.random);
  const words = await secrets.safetyWords(initiator.random, payload.random);
  expect(await answered.secrets.safetyWords(initiator.random, answered.random)).toEqual(words);

  const ctx = new Uint8Array(32);
  const sealer = new RecordSealer(await secrets.keysFor('chat', 'i2r', ctx, ['encrypt']));
  const opener = new RecordOpener(await answered.secrets.keysFor('chat', 'i2r', ctx, ['decrypt']));
  const message = Uint8Array.of(17, 1, 2);
  expect(await opener.open(await sealer.seal(message))).toEqual(message);
});
