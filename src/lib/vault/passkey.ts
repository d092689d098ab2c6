import { ParleyError } from '../protocol/errors';
import type { Bytes } from '../protocol/bytes';
import type { PasskeyLock } from './schema';

/**
 * A passkey that unlocks this device: WebAuthn's PRF extension answers 32 bytes for a salt, the same each time, and only
 * after the person was verified (WebAuthn level 3, section 10.1.4). No server takes part, so the challenge guards nothing.
 */
const SALT_BYTES = 32;
const PRF_BYTES = 32;
/** ES256 and RS256: what every authenticator has. */
const ALGORITHMS = [-7, -257];

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

/** Asks the person to make one. Throws `vault/passkey-failed`. */
export async function makePasskey(): Promise<{ credential: Bytes; salt: Bytes; prf: Bytes }> {
  const salt = random(SALT_BYTES);
  const name = 'Parley on this device';
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Parley' },
        user: { id: random(16), name, displayName: name },
        challenge: random(32),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { userVerification: 'required' },
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const credential = new Uint8Array(made.rawId);
  const { prf } = made.getClientExtensionResults();
  if (prf?.enabled === false) throw new ParleyError('vault/passkey-failed');
  // Some keys answer only when they are used, not when they are made.
  return { credential, salt, prf: answerOf(prf) ?? (await askPasskey({ credential, salt })) };
}

/** Asks the person to use it. Throws `vault/passkey-failed`. */
export async function askPasskey({ credential, salt }: Omit<PasskeyLock, 'sealed'>): Promise<Bytes> {
  const used = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: 'public-key', id: credential }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const answer = answerOf(used.getClientExtensionResults().prf);
  if (answer === null) throw new ParleyError('vault/passkey-failed');
  return answer;
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (cause) {
    throw new ParleyError('vault/passkey-failed', { cause });
  }
  throw new ParleyError('vault/passkey-failed');
}

function answerOf(prf: AuthenticationExtensionsPRFOutputs | undefined): Bytes | null {
  const first = prf?.results?.first;
  if (first === undefined) return null;
  const source = ArrayBuffer.isView(first) ? first.buffer : first;
  const bytes = new Uint8Array(source.slice(0));
  return bytes.length === PRF_BYTES ? bytes : null;
}
