import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { WebSocketServer } from 'ws';

const FILES = {
  '/': { type: 'text/html;charset=utf-8', url: new URL('index.html', import.meta.url) },
  '/page.mjs': { type: 'text/javascript', url: new URL('page.mjs', import.meta.url) },
};

/**
 * The least that brings two browsers together: two static files and a relay that passes JSON between one host and its
 * guests as it comes. Nothing is checked, limited or sealed.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startReference() {
  const bodies = new Map(
    Object.entries(FILES).map(([path, { type, url }]) => [path, { type, body: readFileSync(url) }]),
  );
  const server = createServer((request, response) => {
    const file = bodies.get(request.url ?? '');
    if (file === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': file.type }).end(file.body);
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  relay(sockets);
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The reference page has no port.');
  const close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${address.port}/`, close };
}

/**
 * A guest's words go to the host with the guest's number, the host's to the guest they name.
 * @param {WebSocketServer} sockets
 */
function relay(sockets) {
  /** @type {import('ws').WebSocket | null} */
  let host = null;
  /** @type {Map<number, import('ws').WebSocket>} */
  const guests = new Map();
  let last = 0;
  sockets.on('connection', (socket, request) => {
    if (request.url === '/host') {
      host = socket;
      socket.on('message', (data) => {
        const { guest, ...message } = JSON.parse(data.toString());
        guests.get(guest)?.send(JSON.stringify(message));
      });
      return;
    }
    const guest = ++last;
    guests.set(guest, socket);
    socket.on('message', (data) => host?.send(JSON.stringify({ guest, ...JSON.parse(data.toString()) })));
    socket.once('close', () => guests.delete(guest));
  });
}
