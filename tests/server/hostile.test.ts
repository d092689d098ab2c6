import { connect as connectTcp } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { concat, toBase64url } from '../../src/lib/protocol/bytes';
import { toId, type PeerId } from '../../src/lib/protocol/ids';
import { ask, Client, NO_ICE, RawSocket, refusalOf } from './clients';
import { Host, idOf, type Proof } from './host';
import { buildServer, Running, type Built } from './running';

let built: Built;
let server: Running;
beforeAll(async () => {
  built = buildServer();
  server = await Running.start(built);
}, 30_000);
afterAll(async () => {
  await server.remove();
  built.remove();
});

/** Whatever was tried: the same process is up, takes a host and a guest, and noted no fault of its own. */
afterEach(async () => {
  const [client, guest, host] = [await Client.connect(server), await Client.connect(server), new Host()];
  await client.claim(host);
  expect(await guest.api.knock.mutate({ id: host.id, envelope: null })).toEqual({
    hostPresent: true,
    ice: NO_ICE,
  });
  await Promise.all([client.close(), guest.close()]);
  expect(server.log.filter(({ event }) => event === 'fault')).toEqual([]);
});

const DENIED = { code: 'FORBIDDEN', wire: 'denied' };
const BAD = { code: 'BAD_REQUEST', wire: null };

/** The refusal of a claim, after a look that it changed nothing. */
async function claimRefusal(client: Client, proof: Proof) {
  const refusal = await refusalOf(client.api.claim.mutate(proof));
  const asker = await Client.connect(server);
  expect(await asker.api.status.query({ id: proof.id })).toMatchObject({ hostPresent: false });
  await asker.close();
  return refusal;
}

describe('claims', () => {
  test('with another key', async () => {
    const client = await Client.connect(server);
    const [host, thief] = [new Host(), new Host()];
    const stolen = { ...thief.claim(server.origin, client.nonce), id: host.id };
    expect(await claimRefusal(client, stolen)).toEqual(DENIED);
    const keyOfHost = { ...stolen, publicKey: toBase64url(host.publicKey) };
    expect(await claimRefusal(client, keyOfHost)).toEqual(DENIED);
  });

  test('replayed on the same socket and on another', async () => {
    const host = new Host();
    const client = await Client.connect(server);
    const proof = host.claim(server.origin, client.nonce);
    await client.api.claim.mutate(proof);
    await client.api.release.mutate({ id: host.id });
    expect(await claimRefusal(client, proof)).toEqual(DENIED);
    expect(await claimRefusal(await Client.connect(server), proof)).toEqual(DENIED);
  });

  test('signed for another origin, or from an allowed page for its twin', async () => {
    const client = await Client.connect(server);
    const foreign = new Host().claim('https://evil.example', client.nonce);
    expect(await claimRefusal(client, foreign)).toEqual(DENIED);
    const twin = `http://localhost:${server.port}`;
    expect(await claimRefusal(client, new Host().claim(twin, client.nonce))).toEqual(DENIED);
    const atTwin = await Client.connect(server, twin);
    await atTwin.claim(new Host());
  });

  test('with a key that is no uncompressed point of the curve', async () => {
    const client = await Client.connect(server);
    const { signature } = new Host().claim(server.origin, client.nonce);
    const point = (prefix: number, rest: Uint8Array) => concat(Uint8Array.of(prefix), rest);
    const valid = new Host().publicKey;
    for (const key of [
      point(4, randomBytes(64)),
      point(4, new Uint8Array(64)),
      point(4, new Uint8Array(64).fill(255)),
      point(2, valid.subarray(1)),
      point(6, valid.subarray(1)),
      new Uint8Array(65),
    ]) {
      const proof = { id: idOf(key), publicKey: toBase64url(key), signature };
      expect(await claimRefusal(client, proof)).toEqual(DENIED);
    }
  });

  test('with a compressed key or a DER signature: no such message', async () => {
    const client = await Client.connect(server);
    const host = new Host();
    const proof = host.claim(server.origin, client.nonce);
    const compressed = concat(Uint8Array.of(2), host.publicKey.subarray(1, 33));
    expect(
      await claimRefusal(client, { ...proof, id: idOf(compressed), publicKey: toBase64url(compressed) }),
    ).toEqual(BAD);
    const signature = toBase64url(host.derSignature(Uint8Array.of(1)));
    expect(await claimRefusal(client, { ...proof, signature })).toEqual(BAD);
  });

  test('with a signature that is zero, too large, or altered by a bit', async () => {
    const client = await Client.connect(server);
    const proof = new Host().claim(server.origin, client.nonce);
    const good = Buffer.from(proof.signature, 'base64url');
    const altered = Buffer.from(good);
    altered[40] = (altered[40] ?? 0) ^ 1;
    for (const bytes of [Buffer.alloc(64), Buffer.alloc(64, 255), altered]) {
      expect(await claimRefusal(client, { ...proof, signature: toBase64url(bytes) })).toEqual(DENIED);
    }
    await client.api.claim.mutate(proof);
  });
});

describe('retirements', () => {
  test('unsigned, by another key, for another origin, or of another time', async () => {
    const host = new Host();
    const client = await Client.connect(server);
    await client.claim(host);
    const guest = await Client.connect(server);
    const notice = host.retire(server.origin, Date.now());
    for (const forged of [
      { ...notice, signature: toBase64url(new Uint8Array(64)) },
      { ...new Host().retire(server.origin, Date.now()), id: host.id },
      host.retire('https://evil.example', Date.now()),
      { ...notice, time: notice.time + 1 },
      // Recorded a while ago, or made for later: its signature is right and its time is not.
      host.retire(server.origin, Date.now() - 5 * 60_000 - 1),
      host.retire(server.origin, Date.now() + 5 * 60_000 + 60_000),
      // A claim's signature is not a retirement's.
      { ...host.claim(server.origin, client.nonce), time: notice.time },
    ]) {
      expect(await refusalOf(guest.api.retire.mutate(forged))).toEqual(DENIED);
    }
    expect(await guest.api.status.query({ id: host.id })).toEqual({ exists: true, hostPresent: true });
    expect(client.events.rest).toEqual([]);
  });
});

describe('envelopes', () => {
  test('to strangers, to oneself, from outside, from a guest as host', async () => {
    const host = new Host();
    const client = await Client.connect(server);
    await client.claim(host);
    const [a, b, outsider] = [
      await Client.connect(server),
      await Client.connect(server),
      await Client.connect(server),
    ];
    const { id } = host;
    for (const guest of [a, b]) {
      await guest.api.knock.mutate({ id, envelope: null });
      await client.events.next('knock');
    }
    const unknown = toId<PeerId>(randomBytes(16));
    const tries: [Client, PeerId | null][] = [
      [a, b.peer],
      [a, a.peer],
      [a, unknown],
      [a, client.peer],
      [outsider, null],
      [outsider, a.peer],
      [client, unknown],
      [client, outsider.peer],
      [client, null],
    ];
    for (const [sender, to] of tries) {
      expect(await sender.api.relay.mutate({ id, to, envelope: 'bTE' })).toEqual({ delivered: false });
    }
    const pairs: [PeerId, PeerId][] = [
      [a.peer, a.peer],
      [a.peer, outsider.peer],
      [unknown, b.peer],
      [client.peer, a.peer],
    ];
    for (const [peerA, peerB] of pairs) {
      expect(await client.api.open.mutate({ id, peerA, peerB })).toEqual({ opened: false });
    }
    for (const client_ of [client, a, b, outsider]) {
      await client_.settle();
      expect(client_.events.rest).toEqual([]);
    }
  });
});

const call = (path: string, input: unknown, id = 1) =>
  JSON.stringify({ id, method: 'mutation', params: { path, input } });
const CONNECT = JSON.stringify({ id: 0, method: 'subscription', params: { path: 'connect' } });

describe('frames', () => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const junk: [string, string | Buffer][] = [
    ['empty', ''],
    ['text', 'hello'],
    ['binary', Buffer.from(call('beat', undefined))],
    ['not a call', '{}'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['an empty batch', '[]'],
    ['a batch of thousands', `[${Array.from({ length: 2_000 }, () => '{}').join(',')}]`],
    ['depth 1000', deep(1_000)],
    [
      'depth 1000 in the input',
      `{"id":1,"method":"mutation","params":{"path":"watch","input":${deep(1_000)}}}`,
    ],
    ['__proto__ beside', '{"id":1,"method":"mutation","params":{"path":"beat"},"__proto__":{"x":1}}'],
    ['__proto__ in the params', '{"id":1,"method":"mutation","params":{"path":"beat","__proto__":{}}}'],
    [
      '__proto__ in the input',
      `{"id":1,"method":"mutation","params":{"path":"leave","input":{"id":"${new Host().id}","__proto__":{}}}}`,
    ],
    ['no id', '{"method":"mutation","params":{"path":"beat"}}'],
    ['id null', '{"id":null,"method":"mutation","params":{"path":"beat"}}'],
    ['an id without end', call('beat', undefined).replace('"id":1', `"id":"${'1'.repeat(1_000)}"`)],
    ['a resumption', '{"id":1,"method":"subscription","params":{"path":"connect","lastEventId":"1"}}'],
    ['an unknown procedure', call('nothing', null)],
    ['a procedure named __proto__', call('__proto__', null)],
    ['a procedure named constructor', call('constructor', null)],
    ['a field more', call('knock', { id: new Host().id, envelope: null, name: 'Eve' })],
    ['an id that is none', call('knock', { id: 'x', envelope: null })],
    ['an envelope that is not base64url', call('knock', { id: new Host().id, envelope: 'a b' })],
    ['an envelope above 16 KiB', call('knock', { id: new Host().id, envelope: 'A'.repeat(21_900) })],
  ];

  test.each(junk)('%s: five of them close the socket', async (_name, frame) => {
    const raw = await RawSocket.open(server);
    raw.send(CONNECT);
    for (let i = 0; i < 4; i++) raw.send(frame);
    raw.send(call('beat', undefined, 99));
    expect(await raw.answerTo(99)).toHaveProperty('result');
    raw.send(frame);
    expect([1003, 1008]).toContain(await raw.closed);
  });

  test('a second event stream on one socket is refused', async () => {
    const raw = await RawSocket.open(server);
    raw.send(CONNECT);
    raw.send(CONNECT.replace('"id":0', '"id":7'));
    expect(await raw.answerTo(7)).toMatchObject({ error: { data: { code: 'BAD_REQUEST' } } });
    raw.socket.terminate();
  });

  test('above 32 KiB: closed before it is read', async () => {
    const raw = await RawSocket.open(server);
    raw.send(call('watch', { ids: [], padding: 'x'.repeat(33_000) }));
    expect(await raw.closed).toBe(1009);
  });

  test('text that is not UTF-8: closed', async () => {
    const raw = await RawSocket.open(server);
    raw.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await raw.closed).toBe(1007);
  });

  test('compression is not agreed to', async () => {
    const raw = await RawSocket.open(server, { perMessageDeflate: true });
    expect(raw.socket.extensions).toBe('');
    raw.socket.terminate();
  });

  test('an error says two codes and nothing of what caused it', async () => {
    const raw = await RawSocket.open(server);
    raw.send(CONNECT);
    raw.send(call('knock', { id: 'secret-looking-text', envelope: null }, 5));
    const { error } = await raw.answerTo(5);
    expect(error).toEqual({
      code: -32600,
      message: 'BAD_REQUEST',
      data: { code: 'BAD_REQUEST', httpStatus: 400, wire: null },
    });
    raw.socket.terminate();
  });
});

describe('origins', () => {
  const status = async (options: ConstructorParameters<typeof RawSocket>[1]) => {
    const raw = new RawSocket(server, options);
    const answer = new Promise<number>((resolve) => {
      raw.socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      raw.socket.once('open', () => resolve(101));
    });
    const code = await answer;
    raw.socket.terminate();
    return code;
  };

  test('a WebSocket from a page of ours only', async () => {
    const foreign = ['null', 'https://evil.example', `https://127.0.0.1:${server.port}`, 'http://127.0.0.1'];
    for (const origin of [...foreign, `${server.origin}/`, `${server.origin}.evil.example`, '']) {
      expect([origin, await status({ origin })]).toEqual([origin, 403]);
    }
    expect(await status({ origin: undefined as unknown as string })).toBe(403);
    expect(await status({ origin: `http://localhost:${server.port}` })).toBe(101);
    expect(await status({})).toBe(101);
  });

  test('only at one path, without a query', async () => {
    for (const path of ['/', '/trpc/', '/trpc?connectionParams=1', '/trpc/connect']) {
      expect([path, await status({ path })]).toEqual([path, 404]);
    }
  });

  test('calls and streams over HTTP', async () => {
    const post = (headers: Record<string, string>) =>
      ask(`${server.origin}/trpc/serverInfo`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
      }).then(({ status }) => status);
    expect(await post({ Origin: server.origin })).toBe(200);
    expect(await post({})).toBe(403);
    expect(await post({ Origin: 'null' })).toBe(403);
    expect(await post({ Origin: 'https://evil.example' })).toBe(403);
    expect(await post({ 'Sec-Fetch-Site': 'same-origin' })).toBe(403);
    const stream = (headers: Record<string, string>) =>
      ask(`${server.origin}/trpc/connect`, { headers }).then(({ status }) => status);
    expect(await stream({})).toBe(403);
    expect(await stream({ 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
    expect(await stream({ 'Sec-Fetch-Site': 'same-origin', Host: 'evil.example' })).toBe(403);
    expect(await stream({ 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.example' })).toBe(403);
  });
});

describe('requests', () => {
  const answer = (method: string, path: string, body?: string) =>
    ask(server.origin + path, {
      method,
      headers: { Origin: server.origin, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });

  test('nothing of a meeting in a request line', async () => {
    const { id } = new Host();
    const input = encodeURIComponent(JSON.stringify({ id }));
    for (const [method, path] of [
      ['GET', `/trpc/status?input=${input}`],
      ['GET', `/trpc/connect?input=${input}`],
      ['GET', '/trpc/serverInfo'],
      ['POST', `/trpc/status?input=${input}`],
      ['POST', `/trpc/status?batch=1&input=${input}`],
      ['POST', `/trpc/status?batch=1?${id}`],
      ['POST', `/trpc/${id}-`],
      ['PUT', '/trpc/status'],
      ['OPTIONS', '/trpc/status'],
      ['HEAD', '/trpc/connect'],
    ] as const) {
      expect([method, path, (await answer(method, path)).status]).toEqual([method, path, 405]);
    }
  });

  test('junk in a body', async () => {
    for (const body of ['', '{', 'null', '[]', '[1]', '"x"', '{"__proto__":{"id":"x"}}', '['.repeat(1_000)]) {
      const { status, body: said } = await answer('POST', '/trpc/status', body);
      expect([body, status]).toEqual([body, 400]);
      expect(said).not.toMatch(/zod|issues|stack|at \w|Unexpected/);
    }
    expect((await answer('POST', '/trpc/__proto__', '{}')).status).toBe(405);
    expect((await answer('POST', '/trpc/constructor', '{}')).status).toBe(404);
    const { body: stream } = await answer('POST', '/trpc/connect', '{}');
    expect(stream).toContain('METHOD_NOT_SUPPORTED');
    expect(stream).not.toContain('hello');
    expect((await answer('POST', '/trpc/status', 'x'.repeat(40_000))).status).toBe(413);
  });

  test('a session that nobody has', async () => {
    const { status } = await ask(`${server.origin}/trpc/beat`, {
      method: 'POST',
      headers: {
        Origin: server.origin,
        'Content-Type': 'application/json',
        'x-parley-session': 'A'.repeat(43),
      },
    });
    expect(status).toBe(401);
  });

  test.each([
    'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /%E0%A4%A HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET // HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=9-2\r\n\r\n',
    'POST /trpc/status HTTP/1.1\r\nHost: [\r\nOrigin: ORIGIN\r\nContent-Type: application/json\r\n\r\n',
    'GET /trpc HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nOrigin: ORIGIN\r\n\r\n',
    'nonsense\r\n\r\n',
  ])('%j', async (text) => {
    const socket = connectTcp(Number(server.port), '127.0.0.1');
    const answered = new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(data.toString())),
    );
    socket.write(text.replace('ORIGIN', server.origin));
    const head = await answered;
    expect(head).toMatch(/^HTTP\/1\.1 (200|400|404)/);
    expect(head).not.toContain('root:');
    socket.destroy();
  });
});
