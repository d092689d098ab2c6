import { expect, test } from 'vitest';
import { portableKem, probeNativeKem, type Kem } from './kem';

/** Chromium has ML-KEM of its own; both implementations must be one algorithm. */
async function native(): Promise<Kem> {
  const kem = await probeNativeKem();
  if (kem === null) throw new Error('this browser has no ML-KEM of its own');
  return kem;
}

test('native and portable ML-KEM-768 open each other’s ciphertexts', async () => {
  const kems = [await native(), await portableKem()];
  for (const own of kems) {
    for (const other of kems) {
      const pair = await own.generate();
      expect(pair.publicKey).toHaveLength(1184);
      const { ciphertext, sharedSecret } = await other.encapsulate(pair.publicKey);
      expect(ciphertext).toHaveLength(1088);
      expect(await pair.decapsulate(ciphertext)).toEqual(sharedSecret);
    }
  }
});

test('native: keys and ciphertexts that are none fail as the portable ones do', async () => {
  const kem = await native();
  for (const key of [new Uint8Array(0), new Uint8Array(1183), new Uint8Array(1184).fill(255)]) {
    await expect(kem.encapsulate(key)).rejects.toMatchObject({ code: 'crypto/open-failed' });
  }
  const pair = await kem.generate();
  await expect(pair.decapsulate(new Uint8Array(5))).rejects.toMatchObject({ code: 'crypto/open-failed' });
});
