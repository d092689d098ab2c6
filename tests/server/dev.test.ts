import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parleyDevServer } from '../../src/server/dev';
import { Client, clientApi } from './clients';
import { Host } from './host';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), 'parley-test-'));
let vite: ViteDevServer;
let origin: string;

beforeAll(async () => {
  process.env['DATA_DIR'] = dataDir;
  process.env['LOG_MODE'] = 'off';
  vite = await createServer({
    root,
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1', watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [parleyDevServer()],
  });
  await vite.listen();
  const address = vite.httpServer?.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  origin = `http://127.0.0.1:${address.port}`;
}, 30_000);

afterAll(async () => {
  await vite.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test('the development server speaks the same API, and a change of its code makes clients reconnect', async () => {
  expect(await clientApi(origin).serverInfo.query()).toEqual({
    logMode: 'off',
    version: 'development',
    pushKey: expect.stringMatching(/^B[A-Za-z0-9_-]{86}$/) as string,
  });
  const [host, client] = [new Host(), await Client.connect({ origin })];
  await client.claim(host);
  vite.watcher.emit('change', join(root, 'src/server/presence.ts'));
  // tRPC's client subscribes again on its new socket: a new session of the new code.
  const hello = await client.events.next('hello');
  expect(hello.peer).not.toBe(client.peer);
  expect(await client.api.status.query({ id: host.id })).toEqual({ exists: true, hostPresent: false });
  await client.close();
});
