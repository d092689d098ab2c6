import { createHmac, pbkdf2Sync, createCipheriv } from 'node:crypto';
import { argon2id } from 'hash-wasm';
import { describe, expect, it } from 'vitest';
import { concat, utf8, type Bytes } from '../protocol/bytes';
import { ARGON2ID, isBox, openBox, PBKDF2, sealBox, type Kdf } from './passphrase-box';

/** Quick ones: how long it takes is no part of the format. */
const QUICK: Kdf[] = [
  { name: 'argon2id', memoryKib: 8, passes: 1, lanes: 1 },
  { name: 'pbkdf2', iterations: 10 },
];
const TEXT = utf8('the key of everything');
const HEADER_BYTES = 80;
const WRONG = { code: 'vault/wrong-passphrase' };
const MALFORMED = { code: 'backup/malformed' };
const COSTLY = { code: 'backup/too-costly' };

const changed = (box: Bytes, at: number, value?: number): Bytes =>
  box.map((byte, index) => (index === at ? (value ?? byte ^ 1) : byte));

/** With these three u32 as parameters. */
function withParams(box: Bytes, params: readonly number[]): Bytes {
  const other = box.slice();
  const view = new DataView(other.buffer);
  params.forEach((value, index) => view.setUint32(8 + 4 * index, value));
  return other;
}

describe.each(QUICK)('a box by $name', (kdf) => {
  it('opens with its passphrase, however that was typed, and with no other', async () => {
    const box = await sealBox('backup', 'Änne mag Öl', TEXT, kdf);
    expect(await openBox('backup', 'A\u0308nne mag O\u0308l', box)).toEqual(TEXT);
    for (const other of ['', 'änne mag öl', 'Änne mag Öl ']) {
      await expect(openBox('backup', other, box)).rejects.toMatchObject(WRONG);
    }
  });

  it('any byte changed opens nothing', async () => {
    const box = await sealBox('backup', 'pass', TEXT, kdf);
    const refused = await Promise.allSettled(
      // The parameters are another test's: changed, they may ask for a long time.
      [...box.keys()]
        .filter((at) => at < 8 || at >= 20)
        .map((at) => openBox('backup', 'pass', changed(box, at))),
    );
    expect(refused.map(({ status }) => status)).not.toContain('fulfilled');
  });

  it('is bound to what it is for', async () => {
    const lock = await sealBox('lock', 'pass', TEXT, kdf);
    await expect(openBox('backup', 'pass', lock)).rejects.toMatchObject(MALFORMED);
    const renamed = concat(utf8('PARLEY'), lock.slice(6));
    await expect(openBox('backup', 'pass', renamed)).rejects.toMatchObject({ code: 'backup/damaged' });
    expect([isBox('lock', lock), isBox('backup', lock), isBox('lock', TEXT)]).toEqual([true, false, false]);
  });

  it('a right passphrase tells a damaged box from a wrong one', async () => {
    const box = await sealBox('backup', 'pass', TEXT, kdf);
    const damaged = changed(box, box.length - 1);
    await expect(openBox('backup', 'pass', damaged)).rejects.toMatchObject({ code: 'backup/damaged' });
    await expect(openBox('backup', 'other', damaged)).rejects.toMatchObject(WRONG);
  });

  it('two boxes of the same have nothing in common but their form', async () => {
    const [one, other] = await Promise.all([
      sealBox('backup', 'pass', TEXT, kdf),
      sealBox('backup', 'pass', TEXT, kdf),
    ]);
    expect(one.slice(20)).not.toEqual(other.slice(20));
    expect(one.length).toBe(HEADER_BYTES + TEXT.length + 16);
  });
});

it('is the format that is written down: made here by other means, opened there', async () => {
  const [salt, iv] = [new Uint8Array(16).fill(7), new Uint8Array(12).fill(9)];
  const master = pbkdf2Sync('pass', salt, 10, 32, 'sha256');
  const x = (info: string) =>
    createHmac('sha256', master)
      .update(concat(utf8(info), Uint8Array.of(1)))
      .digest();
  const params = Uint8Array.of(0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0);
  const header = concat(utf8('PARLEY'), Uint8Array.of(1, 2), params, salt, x('parley1 commit'), iv);
  const cipher = createCipheriv('aes-256-gcm', x('parley1 PARLEY'), iv).setAAD(header);
  const sealed = concat(cipher.update(TEXT), cipher.final(), cipher.getAuthTag());
  expect(await openBox('backup', 'pass', concat(header, sealed))).toEqual(TEXT);
});

it('Argon2id is the one of the reference implementation', async () => {
  // phc-winner-argon2, src/test.c, version 0x13: t = 2, m = 64 MiB, p = 1.
  const options = { iterations: 2, memorySize: 65_536, parallelism: 1, hashLength: 32 } as const;
  const hash = await argon2id({ ...options, password: 'password', salt: 'somesalt', outputType: 'hex' });
  expect(hash).toBe('09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7');
});

describe('what is asked of the device is bounded before it is done', () => {
  it.each([
    ['memory', 0, [256 * 1024 + 1, 3, 1]],
    ['passes', 0, [64, 11, 1]],
    ['lanes', 0, [64, 3, 5]],
    ['1 GiB', 0, [1024 * 1024, 3, 1]],
    ['iterations', 1, [5_000_001, 0, 0]],
    ['10^9 iterations', 1, [1_000_000_000, 0, 0]],
  ] as const)('%s', async (_what, kind, params) => {
    const box = await sealBox('backup', 'pass', TEXT, QUICK[kind]);
    const startMs = performance.now();
    await expect(openBox('backup', 'pass', withParams(box, params))).rejects.toMatchObject(COSTLY);
    expect(performance.now() - startMs).toBeLessThan(50);
  });

  it.each([
    ['no memory', 0, [0, 3, 1]],
    ['no pass', 0, [64, 0, 1]],
    ['no lane', 0, [64, 3, 0]],
    ['less memory than lanes need', 0, [15, 1, 2]],
    ['no iteration', 1, [0, 0, 0]],
    ['leftovers', 1, [10, 1, 0]],
  ] as const)('%s is no box', async (_what, kind, params) => {
    const box = await sealBox('backup', 'pass', TEXT, QUICK[kind]);
    await expect(openBox('backup', 'pass', withParams(box, params))).rejects.toMatchObject(MALFORMED);
  });

  it.each([0, 2, 255])('version %d is no box of ours', async (version) => {
    const box = await sealBox('backup', 'pass', TEXT, QUICK[0]);
    await expect(openBox('backup', 'pass', changed(box, 6, version))).rejects.toMatchObject(MALFORMED);
    await expect(openBox('backup', 'pass', changed(box, 7, version + 3))).rejects.toMatchObject(MALFORMED);
  });

  it('cut off anywhere', async () => {
    const box = await sealBox('backup', 'pass', TEXT, QUICK[1]);
    for (const length of [0, 5, 6, 79, 80, 95]) {
      await expect(openBox('backup', 'pass', box.slice(0, length))).rejects.toMatchObject(MALFORMED);
    }
  });
});

it('what Parley makes costs what section 12 says', () => {
  expect(ARGON2ID).toEqual({ name: 'argon2id', memoryKib: 65_536, passes: 3, lanes: 1 });
  expect(PBKDF2).toEqual({ name: 'pbkdf2', iterations: 600_000 });
});
