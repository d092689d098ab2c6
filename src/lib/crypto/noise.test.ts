import { describe, expect, test } from 'vitest';
import { fixedCoins, fixedPair, fromHex, toHex } from '../../../tests/vectors/fixed';
import published from '../../../tests/vectors/noise-nnpsk0-25519.json';
import frozen from '../../../tests/vectors/noise-nnpsk0-hfs-p256-mlkem768.json';
import type { Bytes } from '../protocol/bytes';
import { importAeadKey, seal } from './aead';
import { p256, x25519 } from './dh';
import { mlKem768, portableKem } from './kem';
import { NN, NN_PSK0, NN_PSK0_HFS, NoiseHandshake, type NoiseOptions } from './noise';
import { noiseNonce } from './symmetric-state';

const OPEN_FAILED = { code: 'crypto/open-failed' };
const UNEXPECTED = { code: 'protocol/unexpected' };
const asIs = (payload: Bytes): Bytes => payload;

describe('published vectors', () => {
  for (const vector of published.vectors) {
    test(vector.protocol_name, async () => {
      const psk = vector.init_psks?.[0];
      const common = {
        protocolName: vector.protocol_name,
        pattern: psk === undefined ? NN : NN_PSK0,
        prologue: fromHex(vector.init_prologue),
        dh: x25519,
        ...(psk === undefined ? {} : { psk: fromHex(psk) }),
      };
      const ends = [
        await NoiseHandshake.start({
          ...common,
          role: 'initiator',
          e: await fixedPair('x25519', vector.init_ephemeral),
        }),
        await NoiseHandshake.start({
          ...common,
          role: 'responder',
          e: await fixedPair('x25519', vector.resp_ephemeral),
        }),
      ] as const;

      const [first, second, ...transport] = vector.messages;
      for (const [message, writer, reader] of [
        [first, ends[0], ends[1]],
        [second, ends[1], ends[0]],
      ] as const) {
        const written = await writer.write(() => fromHex(message?.payload ?? ''));
        expect(toHex(written)).toBe(message?.ciphertext);
        expect(toHex(await reader.read(written, asIs))).toBe(message?.payload);
      }

      const [mine, theirs] = [await ends[0].split(), await ends[1].split()];
      expect(toHex(mine.h)).toBe(vector.handshake_hash);
      expect(theirs).toEqual(mine);
      const keys = [await importAeadKey(mine.k1), await importAeadKey(mine.k2)] as const;
      expect(transport.length).toBeGreaterThan(2);
      for (const [i, message] of transport.entries()) {
        const key = i % 2 === 0 ? keys[0] : keys[1];
        const nonce = noiseNonce(Math.floor(i / 2));
        const sealed = await seal(key, nonce, new Uint8Array(0), fromHex(message.payload));
        expect(toHex(sealed)).toBe(message.ciphertext);
      }
    });
  }
});

test(`frozen vector: ${frozen.protocol_name}`, async () => {
  const common = {
    protocolName: frozen.protocol_name,
    pattern: NN_PSK0_HFS,
    prologue: fromHex(frozen.prologue),
    psk: fromHex(frozen.psk),
    dh: p256,
  };
  const initiatorKem = await portableKem(fixedCoins(frozen.init_kem_seed));
  const responderKem = await portableKem(fixedCoins(frozen.resp_kem_coins));
  const initiator = await NoiseHandshake.start({
    ...common,
    role: 'initiator',
    kem: initiatorKem,
    e: await fixedPair('p256', frozen.init_ephemeral),
    e1: await initiatorKem.generate(),
  });
  const responder = await NoiseHandshake.start({
    ...common,
    role: 'responder',
    kem: responderKem,
    e: await fixedPair('p256', frozen.resp_ephemeral),
  });
  const [payload1, payload2] = frozen.payloads.map(fromHex);
  const m1 = await initiator.write(() => payload1 ?? new Uint8Array(0));
  expect(toHex(m1)).toBe(frozen.messages[0]);
  expect(await responder.read(m1, asIs)).toEqual(payload1);
  const m2 = await responder.write(() => payload2 ?? new Uint8Array(0));
  expect(toHex(m2)).toBe(frozen.messages[1]);
  expect(await initiator.read(m2, asIs)).toEqual(payload2);
  for (const end of [initiator, responder]) {
    const { h, k1, k2 } = await end.split();
    expect([h, k1, k2].map(toHex)).toEqual([frozen.handshake_hash, frozen.k1, frozen.k2]);
  }
});

describe('the state machine', () => {
  const options = (role: NoiseOptions['role']): NoiseOptions => ({
    protocolName: frozen.protocol_name,
    pattern: NN_PSK0_HFS,
    role,
    prologue: new Uint8Array(3),
    dh: p256,
    kem: mlKem768,
    psk: new Uint8Array(32).fill(7),
  });
  const payload = Uint8Array.of(1, 2, 3);

  test('takes its steps in order and no other', async () => {
    const initiator = await NoiseHandshake.start(options('initiator'));
    const responder = await NoiseHandshake.start(options('responder'));
    await expect(initiator.read(new Uint8Array(9), asIs)).rejects.toMatchObject(UNEXPECTED);
    await expect(responder.write(() => payload)).rejects.toMatchObject(UNEXPECTED);
    await expect(initiator.split()).rejects.toMatchObject(UNEXPECTED);
    const m1 = await initiator.write(() => payload);
    await expect(initiator.write(() => payload)).rejects.toMatchObject(UNEXPECTED);
    await responder.read(m1, asIs);
    await expect(responder.read(m1, asIs)).rejects.toMatchObject(UNEXPECTED);
    await expect(responder.split()).rejects.toMatchObject(UNEXPECTED);
    await initiator.read(await responder.write(() => payload), asIs);
    await initiator.split();
    await expect(initiator.split()).rejects.toMatchObject(UNEXPECTED);
    await expect(initiator.write(() => payload)).rejects.toMatchObject(UNEXPECTED);
  });

  test('a message that fails, or that its reader refuses, changes nothing', async () => {
    const initiator = await NoiseHandshake.start(options('initiator'));
    const responder = await NoiseHandshake.start(options('responder'));
    const m1 = await initiator.write(() => payload);
    await expect(responder.read(m1.slice(0, -1), asIs)).rejects.toMatchObject(OPEN_FAILED);
    const refusing = responder.read(m1, () => {
      throw new RangeError('no');
    });
    await expect(refusing).rejects.toMatchObject(OPEN_FAILED);
    await expect(
      responder.read(m1, asIs).then(() => responder.write(() => Promise.reject(new RangeError('no')))),
    ).rejects.toThrow(RangeError);
    const m2 = await responder.write(() => payload);
    expect(await initiator.read(m2, asIs)).toEqual(payload);
    expect(await initiator.split()).toEqual(await responder.split());
  });

  test('of two copies of one message read at once, one counts', async () => {
    const initiator = await NoiseHandshake.start(options('initiator'));
    const responder = await NoiseHandshake.start(options('responder'));
    await responder.read(await initiator.write(() => payload), asIs);
    const m2 = await responder.write(() => payload);
    const results = await Promise.allSettled([initiator.read(m2, asIs), initiator.read(m2, asIs)]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await initiator.split()).toEqual(await responder.split());
  });

  test('refuses a message longer than Noise allows', async () => {
    const initiator = await NoiseHandshake.start(options('initiator'));
    await expect(initiator.write(() => new Uint8Array(65_535))).rejects.toThrow(RangeError);
    const responder = await NoiseHandshake.start(options('responder'));
    await expect(responder.read(new Uint8Array(65_536), asIs)).rejects.toMatchObject(OPEN_FAILED);
  });
});
