/**
 * The bare page's server: two static files and a relay that passes text between the two ends of a room.
 *
 *   node server.js CERTIFICATE KEY ADDRESS...
 *
 * Listens on 443 of every address; says `ready` when it does.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { WebSocketServer } from 'ws';

/** @typedef {{ socket: import('ws').WebSocket | null, waiting: string[] }} Place */

const FILES = new Map([
  [
    '/',
    { type: 'text/html;charset=utf-8', body: '<!doctype html><script type="module" src="page.js"></script>' },
  ],
  ['/page.js', { type: 'text/javascript', body: readFileSync(new URL('page.js', import.meta.url)) }],
]);

const [certPath = '', keyPath = '', ...addresses] = process.argv.slice(2);
/** @type {Map<string, Place>} by room and end: `/room/a` */
const places = new Map();

/** @param {string} path */
function placeOf(path) {
  const place = places.get(path) ?? { socket: null, waiting: [] };
  places.set(path, place);
  return place;
}

/** @param {string} path */
const otherEnd = (path) => path.replace(/[ab]$/, (end) => (end === 'a' ? 'b' : 'a'));

/**
 * Whoever comes again takes the place of who was there before; what was said meanwhile waits.
 * @param {import('ws').WebSocket} socket
 * @param {string} path
 */
function seat(socket, path) {
  const place = placeOf(path);
  place.socket?.terminate();
  place.socket = socket;
  for (const text of place.waiting.splice(0)) socket.send(text);
  socket.on('message', (data) => {
    const other = placeOf(otherEnd(path));
    // eslint-disable-next-line @typescript-eslint/no-base-to-string -- text frames come as one Buffer
    const text = data.toString();
    if (other.socket === null) other.waiting.push(text);
    else other.socket.send(text);
  });
  socket.once('close', () => {
    if (place.socket === socket) place.socket = null;
  });
}

await Promise.all(
  addresses.map((address) => {
    const server = createServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
    server.on('request', (request, response) => {
      const file = FILES.get(new URL(request.url ?? '/', 'https://bare').pathname);
      if (file === undefined) return void response.writeHead(404).end();
      response.writeHead(200, { 'Content-Type': file.type }).end(file.body);
    });
    const sockets = new WebSocketServer({ server, perMessageDeflate: false });
    sockets.on('connection', (socket, request) => seat(socket, request.url ?? '/'));
    return new Promise((resolve) => server.listen(443, address, () => resolve(null)));
  }),
);
process.stdout.write('ready\n');
