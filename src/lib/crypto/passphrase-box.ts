import { concat, equalBytes, Reader, utf8, Writer, type Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import { IV_BYTES, KEY_BYTES, open, seal, TAG_BYTES, takeAeadKey } from './aead';
import { expand, HASH_BYTES, importHmacKey } from './hash';

/**
 * What a passphrase opens (section 12): a backup, or the data key of a locked device.
 *
 *     magic(6) | version(1) | kdf(1) | params(12) | salt(16) | commit(32) | iv(12) | ciphertext | tag(16)
 *
 *     K = Argon2id or PBKDF2-SHA-256 of the passphrase's UTF-8 (NFC), 32 bytes
 *     commit = X(K, "parley1 commit", 32)      key = X(K, "parley1 " | magic, 32)      AAD = all before ciphertext
 *
 * The commitment makes a box open under one passphrase only, and tells a wrong passphrase from a damaged box.
 */
export type BoxKind = 'backup' | 'lock';

/** `params` in the box: three u32, unused ones 0. */
export type Kdf =
  | { name: 'argon2id'; memoryKib: number; passes: number; lanes: number }
  | { name: 'pbkdf2'; iterations: number };

const MAGIC: Record<BoxKind, string> = { backup: 'PARLEY', lock: 'PLLOCK' };
const VERSION = 1;
const KDF_IDS = { argon2id: 1, pbkdf2: 2 } as const;
const SALT_BYTES = 16;
const HEADER_BYTES = 6 + 1 + 1 + 12 + SALT_BYTES + HASH_BYTES + IV_BYTES;

/** RFC 9106 section 4, the second recommended option. */
export const ARGON2ID: Kdf = { name: 'argon2id', memoryKib: 64 * 1024, passes: 3, lanes: 1 };
/** Where WebAssembly is switched off. OWASP's figure for PBKDF2 with SHA-256. */
export const PBKDF2: Kdf = { name: 'pbkdf2', iterations: 600_000 };
/** A box from somewhere else must not take the device down: bounds before any work (section 12). */
const BOUNDS = { memoryKib: 256 * 1024, passes: 10, lanes: 4, iterations: 5_000_000 } as const;

/** Whether this browser runs WebAssembly; some hardened ones do not. */
export const bestKdf = (): Kdf => ('WebAssembly' in globalThis ? ARGON2ID : PBKDF2);

export async function sealBox(
  kind: BoxKind,
  passphrase: string,
  plaintext: Bytes,
  kdf: Kdf = bestKdf(),
): Promise<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const { commit, key } = await keysOf(kind, passphrase, salt, kdf);
  const [a, b, c] = paramsOf(kdf);
  const header = new Writer()
    .raw(utf8(MAGIC[kind]))
    .u8(VERSION)
    .u8(KDF_IDS[kdf.name])
    .u32(a)
    .u32(b)
    .u32(c)
    .raw(salt)
    .raw(commit)
    .raw(iv)
    .done();
  return concat(header, await seal(key, iv, header, plaintext));
}

/**
 * Throws `backup/malformed` for what is no box, `backup/too-costly`, `vault/wrong-passphrase`, and `backup/damaged`
 * where the passphrase is right and the bytes are not.
 */
export async function openBox(kind: BoxKind, passphrase: string, box: Bytes): Promise<Bytes> {
  const { kdf, salt, commit, iv, header, sealed } = readBox(kind, box);
  const keys = await keysOf(kind, passphrase, salt, kdf);
  if (!equalBytes(keys.commit, commit)) throw new ParleyError('vault/wrong-passphrase');
  try {
    return await open(keys.key, iv, header, sealed);
  } catch (cause) {
    throw new ParleyError('backup/damaged', { cause });
  }
}

/** Whether these bytes say that they are such a box. */
export function isBox(kind: BoxKind, bytes: Bytes): boolean {
  return equalBytes(bytes.subarray(0, MAGIC[kind].length), utf8(MAGIC[kind]));
}

function readBox(kind: BoxKind, box: Bytes) {
  if (!isBox(kind, box) || box.length < HEADER_BYTES + TAG_BYTES) throw new ParleyError('backup/malformed');
  const header = box.slice(0, HEADER_BYTES);
  const reader = new Reader(header);
  reader.raw(MAGIC[kind].length);
  const [version, kdfId] = [reader.u8(), reader.u8()];
  if (version !== VERSION) throw new ParleyError('backup/malformed');
  const kdf = kdfOf(kdfId, [reader.u32(), reader.u32(), reader.u32()]);
  const [salt, commit, iv] = [reader.raw(SALT_BYTES), reader.raw(HASH_BYTES), reader.raw(IV_BYTES)];
  return { kdf, salt, commit, iv, header, sealed: box.slice(HEADER_BYTES) };
}

function kdfOf(id: number, [a, b, c]: [number, number, number]): Kdf {
  if (id === KDF_IDS.argon2id) {
    // RFC 9106 section 3.1: at least 8 KiB for each lane.
    if (c < 1 || b < 1 || a < 8 * c) throw new ParleyError('backup/malformed');
    if (a > BOUNDS.memoryKib || b > BOUNDS.passes || c > BOUNDS.lanes)
      throw new ParleyError('backup/too-costly');
    return { name: 'argon2id', memoryKib: a, passes: b, lanes: c };
  }
  if (id !== KDF_IDS.pbkdf2 || a < 1 || b !== 0 || c !== 0) throw new ParleyError('backup/malformed');
  if (a > BOUNDS.iterations) throw new ParleyError('backup/too-costly');
  return { name: 'pbkdf2', iterations: a };
}

const paramsOf = (kdf: Kdf): [number, number, number] =>
  kdf.name === 'argon2id' ? [kdf.memoryKib, kdf.passes, kdf.lanes] : [kdf.iterations, 0, 0];

async function keysOf(
  kind: BoxKind,
  passphrase: string,
  salt: Bytes,
  kdf: Kdf,
): Promise<{ commit: Bytes; key: CryptoKey }> {
  if (passphrase === '') throw new ParleyError('vault/wrong-passphrase');
  // The same passphrase typed on another keyboard is the same bytes.
  const secret = utf8(passphrase.normalize('NFC'));
  const stretched = await stretch(secret, salt, kdf);
  secret.fill(0);
  const master = await importHmacKey(stretched);
  stretched.fill(0);
  const [commit, raw] = await Promise.all([
    expand(master, utf8('parley1 commit'), HASH_BYTES),
    expand(master, utf8(`parley1 ${MAGIC[kind]}`), KEY_BYTES),
  ]);
  return { commit, key: await takeAeadKey(raw) };
}

async function stretch(secret: Bytes, salt: Bytes, kdf: Kdf): Promise<Bytes> {
  if (kdf.name === 'pbkdf2') {
    const base = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
    const params = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: kdf.iterations };
    return new Uint8Array(await crypto.subtle.deriveBits(params, base, KEY_BYTES * 8));
  }
  const { argon2id } = await import('hash-wasm');
  const key = await argon2id({
    password: secret,
    salt,
    memorySize: kdf.memoryKib,
    iterations: kdf.passes,
    parallelism: kdf.lanes,
    hashLength: KEY_BYTES,
    outputType: 'binary',
  });
  return new Uint8Array(key);
}
