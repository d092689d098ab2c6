import { describe, expect, test } from 'vitest';
import { fixedCoins, toHex } from '../../../tests/vectors/fixed';
import { createHash } from 'node:crypto';
import { mlKem768, portableKem, probeNativeKem } from './kem';

describe('portable ML-KEM-768', () => {
  test('both ends share one secret; a ciphertext for another key gives another', async () => {
    const kem = await portableKem();
    const [pair, other] = [await kem.generate(), await kem.generate()];
    expect(pair.publicKey).toHaveLength(kem.publicKeyLength);
    const { ciphertext, sharedSecret } = await kem.encapsulate(pair.publicKey);
    expect(ciphertext).toHaveLength(kem.ciphertextLength);
    expect(sharedSecret).toHaveLength(32);
    expect(await pair.decapsulate(ciphertext)).toEqual(sharedSecret);
    expect(await other.decapsulate(ciphertext)).not.toEqual(sharedSecret);
  });

  test('gives the answers for coins of zeros that OpenSSL’s ML-KEM was seen to agree with', async () => {
    const kem = await portableKem(fixedCoins('00'.repeat(64), '00'.repeat(32)));
    const pair = await kem.generate();
    const { ciphertext, sharedSecret } = await kem.encapsulate(pair.publicKey);
    const hashes = [pair.publicKey, ciphertext].map((bytes) =>
      createHash('sha256').update(bytes).digest('hex'),
    );
    expect([...hashes, toHex(sharedSecret)]).toEqual([
      'f95c185fe5b2335d2fc938dd889c6425944acd74376b6952bf1130f720f6ba99',
      '1f92454af68a16b43b8013a909a1df7058c44f170b5cf9cc00cb165a3ca58c68',
      'b4d29cd55bab43e16554b74b9098cdfce583996c968bcd2cfd1ad9455e351fbf',
    ]);
  });

  test('refuses keys and ciphertexts that are none', async () => {
    const kem = await portableKem();
    for (const key of [new Uint8Array(0), new Uint8Array(1183), new Uint8Array(1184).fill(255)]) {
      await expect(kem.encapsulate(key)).rejects.toMatchObject({ code: 'crypto/open-failed' });
    }
    const pair = await kem.generate();
    await expect(pair.decapsulate(new Uint8Array(5))).rejects.toMatchObject({ code: 'crypto/open-failed' });
  });

  test('a destroyed pair no longer opens', async () => {
    const kem = await portableKem();
    const pair = await kem.generate();
    const { ciphertext, sharedSecret } = await kem.encapsulate(pair.publicKey);
    pair.destroy();
    const opened = await pair.decapsulate(ciphertext).catch(() => null);
    expect(opened).not.toEqual(sharedSecret);
  });
});

test('the chosen one agrees with the portable one, native or not', async () => {
  const portable = await portableKem();
  expect(mlKem768.publicKeyLength).toBe(portable.publicKeyLength);
  const pair = await mlKem768.generate();
  const { ciphertext, sharedSecret } = await portable.encapsulate(pair.publicKey);
  expect(await pair.decapsulate(ciphertext)).toEqual(sharedSecret);
});

test('a runtime without ML-KEM of its own is told from one with it', async () => {
  const hasMethods = 'encapsulateBits' in crypto.subtle;
  expect((await probeNativeKem()) !== null).toBe(hasMethods);
});
