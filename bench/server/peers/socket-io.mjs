/** A relay over Socket.IO as its documentation writes one: private messages to the other's id. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import process from 'node:process';

// Installed on demand, so its types are not there to be checked.
const { Server } = createRequire(import.meta.url)('socket.io');

/** @typedef {{ id: string, emit: (event: string, ...values: unknown[]) => void }} Emitter */
/** @typedef {Emitter & { on: (event: 'relay', listener: (to: string, text: string) => void) => void }} Socket */

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on('connection', (/** @type {Socket} */ socket) => {
  socket.emit('id', socket.id);
  socket.on('relay', (to, text) => void io.to(to).emit('relay', text));
});
http.listen(Number(process.env.PORT), '127.0.0.1');
