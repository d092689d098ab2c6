import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../tests/vectors/fixed';
import { concat, type Bytes } from '../protocol/bytes';
import { decodeHeader, encodeHeader, frameKey, FrameOpener, FrameSealer, type FrameKey } from './sframe';

/** RFC 9605 appendix C.1: key id, counter and header. */
const HEADERS: [kid: bigint, counter: bigint, hex: string][] = [
  [0n, 0n, '00'],
  [0n, 1n, '01'],
  [0n, 255n, '08ff'],
  [0n, 256n, '090100'],
  [0n, 0xffff_ffff_ffff_ffffn, '0fffffffffffffffff'],
  [1n, 0n, '10'],
  [1n, 16_777_216n, '1b01000000'],
  [255n, 0n, '80ff'],
  [0x123n, 17_767n, '9901234567'],
];

/** RFC 9605 appendix C.3, suite AES_256_GCM_SHA512_128. */
const SUITE_5 = {
  kid: 0x123,
  counter: 17_767,
  baseKey: '000102030405060708090a0b0c0d0e0f',
  salt: '84991c167b8cd23c93708ec7',
  metadata: '4945544620534672616d65205747',
  plaintext: '64726166742d696574662d736672616d652d656e63',
  sealed: '990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279',
};

const FAILED = { code: 'crypto/open-failed' };
const clip = (text: string): Bytes => new TextEncoder().encode(text);
let key: FrameKey;
let otherKey: FrameKey;
beforeAll(async () => {
  key = await frameKey(new Uint8Array(32).fill(7), 1, ['encrypt', 'decrypt']);
  otherKey = await frameKey(new Uint8Array(32).fill(8), 1, ['encrypt', 'decrypt']);
});

describe('the header', () => {
  test.each(HEADERS)('of key %s, frame %s is %s', (kid, counter, hex) => {
    expect(toHex(encodeHeader(kid, counter))).toBe(hex);
    const lengthBytes = hex.length / 2;
    expect(decodeHeader(fromHex(`${hex}ff`))).toEqual({ kid, counter, lengthBytes });
  });

  test('comes back whatever the numbers', () => {
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(u64, u64, (kid, counter) => {
        expect(decodeHeader(encodeHeader(kid, counter))).toMatchObject({ kid, counter });
      }),
    );
  });

  test('has one spelling only, and is never longer than the frame', () => {
    for (const hex of ['', '0807', '0800', '090001', '8001', 'ff', '0fffffffffffffff', '9901']) {
      expect(decodeHeader(fromHex(hex)), hex).toBeNull();
    }
  });
});

describe('a sealed frame', () => {
  test('is what RFC 9605 says', async () => {
    const { kid, counter, baseKey, salt, metadata, plaintext, sealed } = SUITE_5;
    const published = await frameKey(fromHex(baseKey), kid, ['encrypt', 'decrypt']);
    expect(toHex(published.salt)).toBe(salt);
    const clear = fromHex(metadata);
    const wire = concat(clear, fromHex(sealed));
    const frame = concat(clear, fromHex(plaintext));
    expect(toHex(await new FrameSealer(published, counter).seal(frame, clear.length))).toBe(toHex(wire));
    expect(await new FrameOpener(published).open(wire, clear.length)).toEqual(frame);
  });

  test.each([0, 3, 10])('opens with %i clear bytes, and with nothing of it changed', async (clearBytes) => {
    const frame = clip('a picture of somebody');
    const wire = await new FrameSealer(key).seal(frame, clearBytes);
    expect(wire.slice(0, clearBytes)).toEqual(frame.slice(0, clearBytes));
    for (let at = 0; at < wire.length; at++) {
      const altered = wire.map((byte, i) => (i === at ? byte ^ 1 : byte));
      await expect(new FrameOpener(key).open(altered, clearBytes), `byte ${at}`).rejects.toMatchObject(
        FAILED,
      );
    }
    expect(await new FrameOpener(key).open(wire, clearBytes)).toEqual(frame);
  });

  test('opens with no other key, under no other key id, and not in the clear', async () => {
    const wire = await new FrameSealer(key).seal(clip('frame'), 0);
    const opener = new FrameOpener(otherKey);
    await expect(opener.open(wire, 0)).rejects.toMatchObject(FAILED);
    const renamed = await new FrameSealer({ ...key, kid: 2 }).seal(clip('frame'), 0);
    await expect(new FrameOpener(key).open(renamed, 0)).rejects.toMatchObject(FAILED);
    const hostile = [
      '',
      '10',
      '1f',
      'ff'.repeat(40),
      toHex(clip('plain')),
      toHex(wire.slice(0, 16)),
      '10'.repeat(17),
    ];
    for (const hex of hostile) {
      await expect(new FrameOpener(key).open(fromHex(hex), 0), hex).rejects.toMatchObject(FAILED);
    }
    await expect(new FrameOpener(key).open(wire, 30)).rejects.toMatchObject(FAILED);
  });

  test('takes an empty frame', async () => {
    const wire = await new FrameSealer(key).seal(clip(''), 0);
    expect(await new FrameOpener(key).open(wire, 0)).toEqual(clip(''));
  });
});

describe('the window', () => {
  const sealMany = async (count: number): Promise<Bytes[]> => {
    const sealer = new FrameSealer(key);
    const wires: Bytes[] = [];
    for (let i = 0; i < count; i++) wires.push(await sealer.seal(clip(`frame ${i}`), 0));
    return wires;
  };
  const frame = (wires: Bytes[], i: number): Bytes => wires[i] ?? new Uint8Array(0);

  test('takes frames late and out of order, each once', async () => {
    const wires = await sealMany(1_200);
    const opener = new FrameOpener(key);
    for (const i of [5, 3, 4, 0, 1_100, 77, 1_023]) {
      expect(await opener.open(frame(wires, i), 0)).toEqual(clip(`frame ${i}`));
    }
    for (const i of [5, 3, 1_100, 77, 1_023, 76]) {
      expect(await opener.open(frame(wires, i), 0), `${i}`).toBeNull();
    }
    expect(await opener.open(frame(wires, 78), 0)).toEqual(clip('frame 78'));
  });

  test('is not moved by a frame that does not open', async () => {
    const wires = await sealMany(3);
    const opener = new FrameOpener(key);
    const far = await new FrameSealer(otherKey, 5_000).seal(clip('far'), 0);
    await expect(opener.open(far, 0)).rejects.toMatchObject(FAILED);
    expect(await opener.open(frame(wires, 0), 0)).toEqual(clip('frame 0'));
  });

  test('lets one of two copies on their way at once through', async () => {
    const [wire = new Uint8Array(0)] = await sealMany(1);
    const opener = new FrameOpener(key);
    const both = await Promise.all([opener.open(wire, 0), opener.open(wire, 0)]);
    expect(both.filter((opened) => opened === null)).toHaveLength(1);
  });

  test('ends long before the cipher does', async () => {
    const sealer = new FrameSealer(key, 2 ** 32 - 1);
    await sealer.seal(clip('last'), 0);
    await expect(sealer.seal(clip('one more'), 0)).rejects.toMatchObject({ code: 'record/exhausted' });
  });
});
