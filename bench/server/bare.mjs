/**
 * The reference: a relay over bare `ws` that answers the frames a join is made of, byte for byte as Parley does, and does
 * nothing else. No proof is checked, nothing is counted, limited, kept, logged or pinged.
 *
 *   PORT=4001 node bench/server/bare.mjs
 */
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { WebSocketServer } from 'ws';

/** @typedef {import('ws').WebSocket & { peer: string }} Socket */
/** @typedef {{ host: Socket | null, guests: Map<string, Socket>, watcher: Socket | null }} Meeting */
/** @typedef {{ id: string, ids: string[], to: string | null, envelope: string | null }} Input */

/** @type {Map<string, Meeting>} */
const meetings = new Map();
const ICE = { servers: [], expiresInMs: null };
const NONCE = randomBytes(32).toString('base64url');
/** The number of the call that opened the event stream, as every client of the benchmark numbers it. */
const STREAM = 1;

/** @param {string} id */
function meeting(id) {
  let found = meetings.get(id);
  if (found === undefined) meetings.set(id, (found = { host: null, guests: new Map(), watcher: null }));
  return found;
}

/**
 * @param {Socket | null | undefined} socket
 * @param {object} data
 */
const tell = (socket, data) => socket?.send(JSON.stringify({ id: STREAM, result: { type: 'data', data } }));

/** @type {Record<string, (socket: Socket, input: Input) => unknown>} */
const calls = {
  claim(socket, { id }) {
    meeting(id).host = socket;
    return { nonce: NONCE, ice: ICE };
  },
  release(_socket, { id }) {
    tell(meetings.get(id)?.watcher, { type: 'presence', id, hostPresent: false });
    meetings.delete(id);
  },
  watch(socket, { ids: [id = ''] }) {
    const found = meeting(id);
    found.watcher = socket;
    tell(socket, { type: 'presence', id, hostPresent: found.host !== null });
  },
  knock(socket, { id, envelope }) {
    const found = meeting(id);
    found.guests.set(socket.peer, socket);
    tell(found.host, { type: 'knock', id, peer: socket.peer, envelope });
    return { hostPresent: true, ice: ICE };
  },
  leave(socket, { id }) {
    const found = meeting(id);
    found.guests.delete(socket.peer);
    tell(found.host, { type: 'gone', id, peer: socket.peer });
  },
  relay(socket, { id, to, envelope }) {
    const { host, guests } = meeting(id);
    const from = host === socket ? null : socket.peer;
    tell(to === null ? host : guests.get(to), { type: 'relay', id, from, envelope });
    return { delivered: true };
  },
};

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  perMessageDeflate: false,
});
server.on('connection', (/** @type {Socket} */ socket) => {
  socket.peer = '';
  socket.on('error', () => socket.terminate());
  socket.on('message', (data) => {
    const { id, params } = JSON.parse(data.toString());
    if (params.path === 'connect') {
      socket.peer = randomBytes(16).toString('base64url');
      socket.send(JSON.stringify({ id, result: { type: 'started' } }));
      return tell(socket, { type: 'hello', nonce: NONCE, peer: socket.peer, session: NONCE });
    }
    const answer = calls[params.path]?.(socket, params.input);
    if (id !== undefined) socket.send(JSON.stringify({ id, result: { type: 'data', data: answer } }));
  });
});
