import { beforeAll, describe, expect, test } from 'vitest';
import { equalBytes, utf8, type Bytes } from '../protocol/bytes';
import { encodeM1, encodeM2, type M2Payload, type Mode } from '../protocol/handshake';
import { idBytes, randomId, type MeetingId } from '../protocol/ids';
import { p256 } from './dh';
import { Initiator, prepareEphemerals, Responder, type Parties } from './handshake';
import { createHostKey, meetingIdOf, signHandshake, type HostKey } from './host-key';
import { mlKem768, type Kem } from './kem';
import { NN_PSK0_HFS, NoiseHandshake } from './noise';
import { RecordOpener, RecordSealer } from './record';
import type { SessionSecrets } from './session-secrets';

const OPEN_FAILED = { code: 'crypto/open-failed' };
const EMPTY: Bytes = new Uint8Array(0);
const policy = { lobby: true, relayOnly: false, sealMedia: true };
const m2Options = { capabilities: 3, policy, offer: null };

const psk = new Uint8Array(32).fill(9);
let host: HostKey;
let parties: Parties;

beforeAll(async () => {
  host = await createHostKey();
  parties = {
    id: await meetingIdOf(host.publicKey),
    mode: 'host-guest',
    initiator: new Uint8Array(16).fill(1),
    responder: new Uint8Array(16).fill(2),
  };
});

const flipped = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 0x40 : byte));
const start = (changes: Partial<Parties> = {}, ownPsk = psk) =>
  Initiator.start({ psk: ownPsk, parties: { ...parties, ...changes }, capabilities: 3 });
const accept = (m1: Bytes, changes: Partial<Parties> = {}) =>
  Responder.accept({ psk, parties: { ...parties, ...changes } }, m1);
const expectedHost = () => ({ hostMeetingId: parties.id });

/** Seals one message with one end's keys and opens it with the other's: both have the same session. */
async function canTalk(from: SessionSecrets, to: SessionSecrets): Promise<void> {
  const message = Uint8Array.of(1, 2, 3);
  for (const direction of ['i2r', 'r2i'] as const) {
    const sealer = new RecordSealer(await from.keysFor('signal', direction, EMPTY));
    const opener = new RecordOpener(await to.keysFor('signal', direction, EMPTY));
    expect(await opener.open(await sealer.seal(message))).toEqual(message);
  }
}

describe('between a host and a guest', () => {
  test('both ends learn the same secrets, the payloads and the same words', async () => {
    const initiator = await Initiator.start({
      psk,
      parties,
      capabilities: 5,
      ephemerals: await prepareEphemerals(),
    });
    const responder = await accept(initiator.m1);
    expect(responder.m1.capabilities).toBe(5);
    const offer = { type: 'offer' as const, sdp: 'v=0\r\n' };
    const answered = await responder.writeM2({ host, capabilities: 6, policy, offer });
    const { payload, secrets } = await initiator.readM2(answered.bytes, expectedHost());
    expect(payload).toMatchObject({ random: answered.random, capabilities: 6, policy, offer });
    expect(payload.publicKey).toEqual(host.publicKey);
    await canTalk(secrets, answered.secrets);
    await responder.checkCommit(initiator.random);

    const words = await secrets.safetyWords(initiator.random, payload.random);
    expect(words).toHaveLength(4);
    expect(await answered.secrets.safetyWords(initiator.random, answered.random)).toEqual(words);
  });

  test('every flipped byte of message 1 fails', async () => {
    const { m1 } = await start();
    const attempts = Array.from(m1, (_, at) => accept(flipped(m1, at)).then(() => at));
    const results = await Promise.allSettled(attempts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    for (const result of results) expect(result).toMatchObject({ reason: OPEN_FAILED });
    await accept(m1);
  });

  test('every flipped byte of message 2 fails, and the true one opens after them all', async () => {
    const initiator = await start();
    const { bytes, secrets } = await (await accept(initiator.m1)).writeM2({ ...m2Options, host });
    for (let at = 0; at < bytes.length; at++) {
      await expect(initiator.readM2(flipped(bytes, at), expectedHost())).rejects.toMatchObject(OPEN_FAILED);
    }
    for (const length of [0, 1, 64, 65, 1168, bytes.length - 1]) {
      await expect(initiator.readM2(bytes.slice(0, length), expectedHost())).rejects.toMatchObject(
        OPEN_FAILED,
      );
    }
    const read = await initiator.readM2(bytes, expectedHost());
    await canTalk(read.secrets, secrets);
    await expect(initiator.readM2(bytes, expectedHost())).rejects.toMatchObject({
      code: 'protocol/unexpected',
    });
  });

  test('message 2 of another handshake does not open', async () => {
    const [one, other] = [await start(), await start()];
    const { bytes } = await (await accept(other.m1)).writeM2({ ...m2Options, host });
    await expect(one.readM2(bytes, expectedHost())).rejects.toMatchObject(OPEN_FAILED);
  });

  test('messages sent back to their sender do not open', async () => {
    const initiator = await start();
    await expect(initiator.readM2(initiator.m1, expectedHost())).rejects.toMatchObject(OPEN_FAILED);
    const { bytes } = await (await accept(initiator.m1)).writeM2({ ...m2Options, host });
    await expect(accept(bytes)).rejects.toMatchObject(OPEN_FAILED);
  });
});

test('sees_no_earlier: who recorded a meeting and finds its link later opens nothing of it', async () => {
  const options = rawOptions('host-guest');
  const hello = () => Uint8Array.of(1, 2, 3);
  const [e, e1] = await Promise.all([p256.generate(), mlKem768.generate()]);
  const guest = await NoiseHandshake.start({ ...options, role: 'initiator', e, e1 });
  const m1 = await guest.write(hello);
  const responder = await NoiseHandshake.start({ ...options, role: 'responder' });
  await responder.read(m1, (payload) => payload);
  const m2 = await responder.write(() => Uint8Array.of(4, 5, 6));
  // All that crossed, and what the link gives; of the keys that were thrown away, only the halves that crossed.
  const [otherE, otherE1] = await Promise.all([p256.generate(), mlKem768.generate()]);
  const late = await NoiseHandshake.start({
    ...options,
    role: 'initiator',
    e: { publicKey: e.publicKey, privateKey: otherE.privateKey },
    e1: {
      publicKey: e1.publicKey,
      decapsulate: (ciphertext) => otherE1.decapsulate(ciphertext),
      destroy: () => undefined,
    },
  });
  expect(await late.write(hello)).toEqual(m1);
  await expect(late.read(m2, (payload) => payload)).rejects.toMatchObject(OPEN_FAILED);
  expect(await guest.read(m2, (payload) => payload)).toEqual(Uint8Array.of(4, 5, 6));
});

describe('message 1 opens only for whom it is meant', () => {
  test('not with the secret of another link', async () => {
    const { m1 } = await start({}, new Uint8Array(32).fill(8));
    await expect(accept(m1)).rejects.toMatchObject(OPEN_FAILED);
  });

  const changes: Record<string, Partial<Parties>> = {
    'another meeting': { id: randomId<MeetingId>() },
    'another mode': { mode: 'guest-guest' },
    'another initiator': { initiator: new Uint8Array(16).fill(3) },
    'another responder': { responder: new Uint8Array(16).fill(3) },
    'peers changed about': { initiator: new Uint8Array(16).fill(2), responder: new Uint8Array(16).fill(1) },
  };
  for (const [name, change] of Object.entries(changes)) {
    test(`not under ${name}`, async () => {
      await expect(accept((await start()).m1, change)).rejects.toMatchObject(OPEN_FAILED);
    });
  }

  test('prepared keys serve once', async () => {
    const ephemerals = await prepareEphemerals();
    await Initiator.start({ psk, parties, capabilities: 3, ephemerals });
    const again = Initiator.start({ psk, parties, capabilities: 3, ephemerals });
    await expect(again).rejects.toMatchObject({ code: 'protocol/unexpected' });
  });
});

describe('who plays host', () => {
  /** A guest's own responder: it holds the link, but not the host's key, and writes what it likes. */
  async function forged(
    initiator: Initiator,
    make: (h: Bytes) => Promise<Partial<M2Payload>>,
    mode: Mode = 'host-guest',
  ): Promise<Bytes> {
    const noise = await NoiseHandshake.start({ ...rawOptions(mode), role: 'responder' });
    await noise.read(initiator.m1, (payload) => payload);
    const blank = {
      random: new Uint8Array(32),
      capabilities: 3,
      publicKey: new Uint8Array(65),
      signature: new Uint8Array(64),
      policy,
      offer: null,
    };
    return noise.write(async (h) => encodeM2({ ...blank, ...(await make(h)) }));
  }
  const signed = async (by: HostKey, h: Bytes) => ({
    publicKey: by.publicKey,
    signature: await signHandshake(by.privateKey, { id: parties.id, h }),
  });

  test('the tool itself makes a message that opens when it is the host', async () => {
    const initiator = await start();
    const bytes = await forged(initiator, (h) => signed(host, h));
    await initiator.readM2(bytes, expectedHost());
  });

  test('a key whose hash is not the id, an unsigned message, a signature over another handshake', async () => {
    const initiator = await start();
    const stranger = await createHostKey();
    const forgeries = [
      await forged(initiator, (h) => signed(stranger, h)),
      await forged(initiator, async (h) => ({ ...(await signed(stranger, h)), publicKey: host.publicKey })),
      await forged(initiator, () => Promise.resolve({})),
      await forged(initiator, () => Promise.resolve({ publicKey: host.publicKey })),
      await forged(initiator, () => signed(host, new Uint8Array(32))),
    ];
    for (const bytes of forgeries) {
      await expect(initiator.readM2(bytes, expectedHost())).rejects.toMatchObject(OPEN_FAILED);
    }
    const { bytes } = await (await accept(initiator.m1)).writeM2({ ...m2Options, host });
    await initiator.readM2(bytes, expectedHost());
  });

  test('a guest-host handshake is never taken without its host, whatever the caller expects', async () => {
    const initiator = await start();
    const bytes = await forged(initiator, () => Promise.resolve({}));
    await expect(initiator.readM2(bytes, { hostMeetingId: null })).rejects.toMatchObject(OPEN_FAILED);
    const other = { hostMeetingId: randomId<MeetingId>() };
    await expect(initiator.readM2(bytes, other)).rejects.toMatchObject(OPEN_FAILED);
    const responder = await accept(initiator.m1);
    await expect(responder.writeM2({ ...m2Options, host: null })).rejects.toMatchObject({
      code: 'protocol/unexpected',
    });
  });

  for (const mode of ['guest-guest', 'strangers'] as const) {
    test(`${mode}: no host signs, and nobody can seem to`, async () => {
      const initiator = await start({ mode });
      const fake = await forged(initiator, (h) => signed(host, h), mode);
      await expect(initiator.readM2(fake, { hostMeetingId: null })).rejects.toMatchObject(OPEN_FAILED);
      const answered = await (await accept(initiator.m1, { mode })).writeM2({ ...m2Options, host: null });
      const { secrets } = await initiator.readM2(answered.bytes, { hostMeetingId: null });
      await canTalk(answered.secrets, secrets);
    });
  }
});

describe('hostile keys', () => {
  const rawInitiator = async (changes: { kem?: Kem; publicKey?: Bytes }): Promise<Bytes> => {
    const e = await p256.generate();
    const noise = await NoiseHandshake.start({
      ...rawOptions('host-guest'),
      role: 'initiator',
      e: { ...e, publicKey: changes.publicKey ?? e.publicKey },
      kem: changes.kem ?? mlKem768,
    });
    return noise.write(() => encodeM1({ commit: new Uint8Array(32), capabilities: 3 }));
  };
  const kemWith = (publicKey: Bytes): Kem => ({
    publicKeyLength: mlKem768.publicKeyLength,
    ciphertextLength: mlKem768.ciphertextLength,
    generate: async () => ({ ...(await mlKem768.generate()), publicKey }),
    encapsulate: (key) => mlKem768.encapsulate(key),
  });

  test('a point that is not on the curve, or in another encoding', async () => {
    const { publicKey } = await p256.generate();
    const points = [
      flipped(publicKey, 64),
      new Uint8Array(65),
      Uint8Array.from([4, ...new Uint8Array(64)]),
      // SEC 1's hybrid form of the same point: some implementations read it.
      Uint8Array.from([6 + ((publicKey[64] ?? 0) & 1), ...publicKey.slice(1)]),
      Uint8Array.from([2 + ((publicKey[64] ?? 0) & 1), ...publicKey.slice(1, 33)]),
    ];
    for (const point of points) {
      await expect(accept(await rawInitiator({ publicKey: point }))).rejects.toMatchObject(OPEN_FAILED);
    }
    await accept(await rawInitiator({}));
  });

  test('an ML-KEM key of the wrong length', async () => {
    for (const length of [0, 1183, 1185, 1568]) {
      const m1 = await rawInitiator({ kem: kemWith(new Uint8Array(length)) });
      await expect(accept(m1)).rejects.toMatchObject(OPEN_FAILED);
    }
  });

  test('an ML-KEM key of the right length that is none', async () => {
    const responder = await accept(await rawInitiator({ kem: kemWith(new Uint8Array(1184).fill(255)) }));
    await expect(responder.writeM2({ ...m2Options, host })).rejects.toMatchObject(OPEN_FAILED);
  });

  test('an ML-KEM ciphertext for somebody else', async () => {
    const initiator = await start();
    const { publicKey } = await mlKem768.generate();
    const kem = { ...kemWith(publicKey), encapsulate: () => mlKem768.encapsulate(publicKey) };
    const noise = await NoiseHandshake.start({ ...rawOptions('host-guest'), role: 'responder', kem });
    await noise.read(initiator.m1, (payload) => payload);
    const bytes = await noise.write(() => new Uint8Array(8));
    await expect(initiator.readM2(bytes, expectedHost())).rejects.toMatchObject(OPEN_FAILED);
  });
});

describe('the commitment', () => {
  test('binds the initiator to its choice', async () => {
    const initiator = await start();
    const responder = await accept(initiator.m1);
    await responder.checkCommit(initiator.random);
    for (const random of [
      flipped(initiator.random, 0),
      initiator.random.slice(1),
      EMPTY,
      responder.m1.commit,
    ]) {
      await expect(responder.checkCommit(random)).rejects.toMatchObject(OPEN_FAILED);
    }
  });

  test('a fresh choice each time', async () => {
    const [one, other] = [await start(), await start()];
    expect(equalBytes(one.random, other.random)).toBe(false);
  });
});

test('a peer id of another length is no peer id', async () => {
  await expect(start({ initiator: new Uint8Array(15) })).rejects.toMatchObject({
    code: 'protocol/malformed',
  });
});

/** The layouts of section 5, spelled here once more so that a change in either place shows. */
function rawOptions(mode: Mode) {
  const modeByte = { 'host-guest': 1, 'guest-guest': 2, strangers: 3 }[mode];
  const { id, initiator, responder } = parties;
  return {
    protocolName: 'Noise_NNpsk0+hfs_P256+MLKEM768_AESGCM_SHA256',
    pattern: NN_PSK0_HFS,
    prologue: Uint8Array.from([...utf8('parley1'), 1, ...idBytes(id), modeByte, ...initiator, ...responder]),
    psk,
    dh: p256,
    kem: mlKem768,
  };
}
