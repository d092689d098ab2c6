import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { HostKey } from './host-key.mjs';
import { Person } from './person.mjs';

/**
 * The same in the language of each of the servers that are compared: somebody who is there, and two who have each other
 * passed on what they say.
 *
 * @typedef {import('./person.mjs').Place} Place
 * @typedef {{ greeted: Promise<void>, onClose: () => void }} Present
 * @typedef {{ say: (text: string) => void, onText: (text: string) => void }} End
 * @typedef {{ come: (place: Place, localAddress?: string) => Present, meet: (place: Place) => Promise<[End, End]> }} Dialect
 */

/** As often as its own client says so (peerjs, `pingInterval`). */
const PEER_HEARTBEAT_MS = 5_000;

/** A client of something that is not Parley; `take` reads a message and says whether it was the greeting. */
class Stranger {
  onClose = () => undefined;
  /** @type {(text: string) => void} */
  onText = () => undefined;
  /** @type {Promise<void>} */
  greeted;
  #socket;

  /**
   * @param {string} url
   * @param {string | undefined} localAddress
   * @param {(text: string, stranger: Stranger) => boolean} take
   */
  constructor(url, localAddress, take) {
    this.#socket = new WebSocket(url.replace('http', 'ws'), {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.greeted = new Promise((resolve, reject) => {
      this.#socket.on('message', (data) => {
        if (take(data.toString(), this)) resolve();
      });
      this.#socket.on('error', reject);
      this.#socket.on('close', () => this.onClose());
    });
  }

  /** @param {string} text */
  send(text) {
    this.#socket.send(text);
  }
}

/**
 * A host and a guest of one meeting. The bare relay takes what they say without an answer, Parley answers each call.
 * @param {Place} place
 * @param {boolean} isAnswered
 * @returns {Promise<[End, End]>}
 */
async function meetAtMeeting(place, isAnswered) {
  const [host, guest, key] = [new Person(place), new Person(place), new HostKey()];
  await Promise.all([host.greeted, guest.greeted]);
  await host.call('claim', key.claim(place.origin, host.nonce));
  await guest.call('knock', { id: key.id, envelope: null });
  const ends = [
    { person: host, to: guest.peer },
    { person: guest, to: null },
  ].map(({ person, to }) => {
    /** @type {End} */
    const end = {
      onText: () => undefined,
      say(envelope) {
        const input = { id: key.id, to, envelope };
        if (isAnswered) person.call('relay', input).catch(fail);
        else person.tell('relay', input);
      },
    };
    person.onEvent = ({ type, envelope }) => {
      if (type === 'relay' && typeof envelope === 'string') end.onText(envelope);
    };
    return end;
  });
  return /** @type {[End, End]} */ (ends);
}

/** @param {unknown} cause */
function fail(cause) {
  throw cause;
}

/**
 * @param {Place} place
 * @param {string} [localAddress]
 */
function comeToPeer({ url }, localAddress) {
  const id = randomBytes(16).toString('hex');
  const address = `${url}/peerjs?key=peerjs&id=${id}&token=${id.slice(0, 11)}&version=1.5.4`;
  const stranger = new Stranger(address, localAddress, (text, { onText }) => {
    const { type, payload } = JSON.parse(text);
    if (type === 'OFFER') onText(payload);
    if (type === 'OPEN') setInterval(() => stranger.send('{"type":"HEARTBEAT"}'), PEER_HEARTBEAT_MS);
    return type === 'OPEN';
  });
  return Object.assign(stranger, { id });
}

/**
 * Engine.IO 4 and Socket.IO 5 straight over the WebSocket, which its own client reaches after requests of HTTP.
 * @param {Place} place
 * @param {string} [localAddress]
 */
function comeToSocketIo({ url }, localAddress) {
  const address = `${url}/socket.io/?EIO=4&transport=websocket`;
  return new Stranger(address, localAddress, (text, stranger) => {
    if (text === '2') stranger.send('3');
    else if (text.startsWith('0')) stranger.send('40');
    else if (text.startsWith('42')) {
      const [name, value] = JSON.parse(text.slice(2));
      if (name === 'id') Object.assign(stranger, { id: value });
      else stranger.onText(value);
      return name === 'id';
    }
    return false;
  });
}

/**
 * @param {(Stranger & { id?: string })[]} both
 * @param {(to: string, text: string) => string} frame
 * @returns {Promise<[End, End]>}
 */
async function meetAsStrangers(both, frame) {
  const [a, b] = both;
  if (a === undefined || b === undefined) throw new Error('It takes two to meet.');
  await Promise.all([a.greeted, b.greeted]);
  const end = (/** @type {Stranger} */ one, /** @type {string} */ to) =>
    Object.assign(one, { say: (/** @type {string} */ text) => one.send(frame(to, text)) });
  return [end(a, b.id ?? ''), end(b, a.id ?? '')];
}

/** @type {Record<'bare' | 'parley' | 'peer' | 'socket.io', Dialect>} */
export const DIALECTS = {
  bare: {
    come: (place, localAddress) => new Person(place, localAddress),
    meet: (place) => meetAtMeeting(place, false),
  },
  parley: {
    come: (place, localAddress) => new Person(place, localAddress),
    meet: (place) => meetAtMeeting(place, true),
  },
  peer: {
    come: comeToPeer,
    meet: (place) =>
      meetAsStrangers([comeToPeer(place), comeToPeer(place)], (dst, payload) =>
        JSON.stringify({ type: 'OFFER', dst, payload }),
      ),
  },
  'socket.io': {
    come: comeToSocketIo,
    meet: (place) =>
      meetAsStrangers(
        [comeToSocketIo(place), comeToSocketIo(place)],
        (to, text) => `42${JSON.stringify(['relay', to, text])}`,
      ),
  },
};
