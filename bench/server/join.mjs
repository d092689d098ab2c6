import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';

/** @typedef {import('./host-key.mjs').HostKey} HostKey */
/** @typedef {import('./person.mjs').Person} Person */

/**
 * What two Chromium pages said to each other over the server in one join with the lobby off, read off their WebSocket
 * frames. The candidates of each end fitted into one record. Then the channel is open and carries the rest.
 */
const ENVELOPE_BYTES = { m1: 1_324, m2: 1_820, candidates: 291, m3: 1_059, admission: 99 };
export const ENVELOPES = Object.fromEntries(
  Object.entries(ENVELOPE_BYTES).map(([name, size]) => [name, randomBytes(size).toString('base64url')]),
);

/**
 * One join from the host's claim to the release, each step when the one before has arrived, as the two pages do it.
 * @param {Person} host
 * @param {Person} guest
 * @param {HostKey} key
 * @param {(tookMs: number) => void} relayed told how long each relayed envelope was on its way
 */
export async function join(host, guest, key, relayed) {
  const { id } = key;
  const answer = await host.call('claim', key.claim(host.origin, host.nonce));
  host.nonce = answer.nonce;
  /** @type {Promise<unknown>[]} */
  const calls = [];
  /** Sent and not yet there, in each direction in its order. @type {{ toHost: number[], toGuest: number[] }} */
  const sentAtMs = { toHost: [], toGuest: [] };

  const relay = (/** @type {Person} */ from, /** @type {string | null} */ to, /** @type {string} */ name) => {
    sentAtMs[to === null ? 'toHost' : 'toGuest'].push(performance.now());
    calls.push(from.call('relay', { id, to, envelope: ENVELOPES[name] }));
  };
  const arrived = (/** @type {number[]} */ sent) => relayed(performance.now() - (sent.shift() ?? NaN));

  await new Promise((done, failed) => {
    const attempt = (/** @type {Promise<unknown>} */ call) => {
      calls.push(call);
      call.catch(failed);
    };
    let heardByGuest = 0;
    let heardByHost = 0;
    guest.onEvent = ({ type }) => {
      if (type !== 'relay') return;
      arrived(sentAtMs.toGuest);
      heardByGuest++;
      if (heardByGuest === 1) relay(guest, null, 'm3');
      if (heardByGuest === 2) relay(guest, null, 'candidates');
      if (heardByGuest === 3) attempt(guest.call('leave', { id }));
    };
    host.onEvent = ({ type, peer }) => {
      if (type === 'knock') {
        relay(host, guest.peer, 'm2');
        relay(host, guest.peer, 'candidates');
      } else if (type === 'relay') {
        arrived(sentAtMs.toHost);
        heardByHost++;
        if (heardByHost === 1) relay(host, guest.peer, 'admission');
      } else if (type === 'gone' && peer === guest.peer) done(undefined);
    };
    attempt(guest.call('watch', { ids: [id] }));
    attempt(guest.call('knock', { id, envelope: ENVELOPES.m1 }));
  });
  await Promise.all(calls);
  await host.call('release', { id });
}
