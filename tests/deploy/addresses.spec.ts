import { once } from 'node:events';
import { get as getOverHttp } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { expect, test } from './deployed';
import type { Topology } from './topology';

/** A visitor's own address, and what they say it is. Every address of 127/8 is this machine. */
const OWN = '127.7.7.77';
const OWN_CUT = '127.7.7.0';
const SAID = '203.0.113.9';
const SAID_CUT = '203.0.113.0';

test('what a visitor writes into X-Forwarded-For counts for nothing', async ({ topology }) => {
  const socket = open(topology);
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 0, method: 'subscription', params: { path: 'connect' } }));
  await expect.poll(() => outputOf(topology)).toContain(`"address":"${OWN_CUT}","event":"session-begun"`);
  socket.close();
  const log = outputOf(topology);
  for (const address of [OWN, SAID, SAID_CUT]) expect(log).not.toContain(address);
});

test('whatever goes wrong, no log names who it was', async ({ topology }) => {
  await test.step('somebody who speaks no TLS, and somebody who speaks no https', async () => {
    const socket = connect({ port: topology.httpsPort, host: '127.0.0.1', localAddress: OWN });
    socket
      .on('error', () => undefined)
      .resume()
      .end('this is not TLS\r\n\r\n');
    await once(socket, 'close');
    await new Promise<void>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: topology.httpPort,
        localAddress: OWN,
        headers: { Host: 'localhost' },
      };
      getOverHttp(options, (response) => {
        expect(response.headers.location).toMatch(/^https:\/\/localhost/);
        response.resume().once('end', resolve);
      }).once('error', reject);
    });
  });
  await test.step('somebody who goes away in the middle of a file, and in the middle of a session', async () => {
    const request = get(`${topology.origin}/screenshot-wide.png`, wayTo(topology), (response) => {
      response.once('data', () => request.destroy()).on('error', () => undefined);
    });
    request.on('error', () => undefined);
    await once(request, 'close');
    const socket = open(topology);
    await once(socket, 'open');
    socket.terminate();
  });
  await test.step('nobody there to answer', async () => {
    for (const server of topology.servers) await server.kill('SIGTERM');
    const status = await new Promise((resolve, reject) => {
      get(`${topology.origin}/m`, wayTo(topology), (response) => resolve(response.resume().statusCode)).once(
        'error',
        reject,
      );
    });
    expect([502, 503]).toContain(status);
    for (const server of topology.servers) await topology.restart(server);
  });
  for (const address of [OWN, SAID]) {
    expect(topology.proxyLog).not.toContain(address);
    expect(outputOf(topology)).not.toContain(address);
  }
});

const outputOf = ({ servers }: Topology): string => servers.map(({ output }) => output).join('');

/** From that address, over TLS, to the certificate that nobody signed. */
function wayTo({ httpsPort, certificate }: Topology) {
  return {
    host: '127.0.0.1',
    port: httpsPort,
    servername: 'localhost',
    ca: certificate.pem,
    localAddress: OWN,
  };
}

function open(topology: Topology): WebSocket {
  return new WebSocket(`${topology.origin.replace('https', 'wss')}/trpc`, {
    ...wayTo(topology),
    origin: topology.origin,
    headers: { 'X-Forwarded-For': SAID },
  });
}
