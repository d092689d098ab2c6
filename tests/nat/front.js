/**
 * TLS in front of the app's server, as a deployment has it: one hop, which names the client's address.
 *
 *   node front.js CERTIFICATE KEY UPSTREAM_PORT ADDRESS...
 *
 * Listens on 443 of every address; says `ready` when it does.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */

const [certPath = '', keyPath = '', upstreamPort = '', ...addresses] = process.argv.slice(2);

/** @param {IncomingMessage} incoming */
function onward(incoming) {
  const { method, url, headers, socket } = incoming;
  return request({
    host: '127.0.0.1',
    port: Number(upstreamPort),
    method,
    path: url,
    headers: { ...headers, 'x-forwarded-for': socket.remoteAddress ?? '' },
  });
}

await Promise.all(
  addresses.map((address) => {
    const server = createServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
    server.on('request', (incoming, outgoing) => {
      const asked = onward(incoming);
      asked.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      });
      asked.on('error', () => {
        if (outgoing.headersSent) outgoing.destroy();
        else outgoing.writeHead(502).end();
      });
      outgoing.on('close', () => asked.destroy());
      incoming.pipe(asked);
    });
    server.on('upgrade', (incoming, socket, head) => {
      const asked = onward(incoming);
      asked.on('upgrade', (answer, other, otherHead) => {
        const lines = answer.rawHeaders.flatMap((name, index, all) =>
          index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : [],
        );
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
        socket.write(otherHead);
        other.write(head);
        other.pipe(socket).pipe(other);
        // Either end that breaks off takes the other with it.
        for (const [one, another] of [
          [socket, other],
          [other, socket],
        ]) {
          one?.on('error', () => another?.destroy());
          one?.on('close', () => another?.destroy());
        }
      });
      asked.on('response', () => socket.destroy());
      asked.on('error', () => socket.destroy());
      socket.on('error', () => asked.destroy());
      asked.end();
    });
    return new Promise((resolve) => server.listen(443, address, () => resolve(null)));
  }),
);
process.stdout.write('ready\n');
