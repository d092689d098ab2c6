import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from '../support/middleman';
import { found } from '../support/needles';
import { expect, tap, test, type Evening, type Frame } from './evening';

/**
 * The sentences of the page "What our server sees", each by its name, held to what crosses the wire between two real
 * browsers and the real server. Those that need no browser are in tests/server/server-sees.test.ts.
 */
type Json = Record<string, unknown>;
type Call = { path: string; input: Json };

const isApi = ({ url }: Part) => url.startsWith('/trpc');
const json = (text: string): unknown => (/^P[IO]NG$/.test(text) ? text : JSON.parse(text));
const several = (value: unknown): Json[] => (Array.isArray(value) ? value : [value]) as Json[];

/** The calls that a browser made, in their order. */
function callsOf(frames: readonly Frame[]): Call[] {
  return frames
    .filter(({ isSent }) => isSent)
    .flatMap(({ text }) => several(json(text)))
    .flatMap(({ params }) => (params === undefined ? [] : [params as Call]))
    .map(({ path, input }) => ({ path, input: input ?? {} }));
}

/** The events that it was sent. */
function eventsOf(frames: readonly Frame[]): Json[] {
  return frames
    .filter(({ isSent }) => !isSent)
    .flatMap(({ text }) => several(json(text)))
    .flatMap(({ result }) => (result as { data?: unknown } | undefined)?.data ?? [])
    .filter((data): data is Json => typeof data === 'object' && data !== null && 'type' in data);
}

const callsTo = (path: string, frames: readonly Frame[]) =>
  callsOf(frames)
    .filter((call) => call.path === path)
    .map(({ input }) => input);
const envelopesOf = ({ host, guest }: Evening) =>
  [host, guest]
    .flatMap(({ frames }) => [...callsTo('knock', frames), ...callsTo('relay', frames)])
    .flatMap(({ envelope }) => (typeof envelope === 'string' ? [Buffer.from(envelope, 'base64url')] : []));
const headsOf = ({ parts }: Evening, direction: Part['direction']) =>
  parts.filter((part) => part.kind === 'head' && part.direction === direction);
const linesOf = ({ bytes }: Part) => bytes.toString().split('\r\n');
/** The raw headers of one request: names and values by turns. */
const namesOf = (part: Part) => linesOf(part).filter((_, index) => index % 2 === 1);

/** All that goes in; of what comes out, not the client itself, which everybody may read. */
const told = ({ parts }: Evening) =>
  Buffer.concat(parts.filter((part) => part.direction === 'in' || isApi(part)).map(({ bytes }) => bytes));

function expectUnknown(evening: Evening, ...what: RegExp[]): void {
  const { secrets, middleman, id } = evening;
  const wanted = Object.entries(secrets).filter(([name]) => what.some((pattern) => pattern.test(name)));
  expect(wanted.length).toBeGreaterThanOrEqual(what.length);
  const { dataDir, output } = middleman.server;
  const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name)));
  const places = { wire: told(evening), disk: Buffer.concat(files), log: Buffer.from(output) };
  expect(found(Object.fromEntries(wanted), places)).toEqual([]);
  // The search does find what the server works with.
  expect(found({ it: Buffer.from(id, 'base64url') }, places)).toEqual(['it in wire', 'it in disk']);
}

/** Which sentence tells of it, of every field that a message of an evening has. What has no sentence is a secret of ours. */
const FIELDS: Readonly<Record<string, string>> = {
  id: 'sees_meeting',
  ids: 'sees_saved',
  publicKey: 'sees_meeting',
  signature: 'sees_meeting',
  nonce: 'sees_meeting',
  peer: 'sees_number',
  session: 'sees_number',
  envelope: 'sees_envelopes',
  to: 'sees_whom',
  from: 'sees_whom',
  hostPresent: 'sees_whom',
  delivered: 'sees_whom',
  ice: 'sees_relay_names',
  servers: 'sees_relay_names',
  expiresInMs: 'sees_relay_names',
  logMode: 'sees_log_text',
  version: 'sees_files',
  pushKey: 'sees_push',
};
/** What tRPC itself needs: the number of a call, its name, and whether it is a question or an answer. */
const TRANSPORT = new Set(['id', 'method', 'params', 'path', 'input', 'result', 'type', 'data']);

/** `type | epoch | number`, which the server can read (docs/protocol.md, section 7). */
const RECORD_HEADER = 10;

test('sees_lead: no message has a field that no sentence tells of', ({ evening }) => {
  const fields = new Set<string>();
  const walk = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) return value.forEach((one) => walk(one, depth));
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      const isTransports = TRANSPORT.has(name) && depth < 4 && !(depth > 1 && name === 'id');
      if (!isTransports) fields.add(name);
      walk(inner, depth + 1);
    }
  };
  for (const { frames } of [evening.host, evening.guest]) {
    for (const { text } of frames) for (const part of several(json(text))) walk(part, 0);
  }
  expect([...fields].filter((name) => FIELDS[name] === undefined)).toEqual([]);
  for (const name of ['publicKey', 'envelope', 'session', 'ids']) expect([...fields]).toContain(name);
});

test('sees_browser: its name, its languages and this site come with requests, and no cookie', async ({
  evening,
}) => {
  const heads = headsOf(evening, 'in');
  const text = heads.map(({ bytes }) => bytes.toString()).join('\r\n');
  expect(text).toContain(await evening.host.meeting.evaluate(() => navigator.userAgent));
  expect(text).toMatch(/accept-language\r\nen-GB/i);
  expect(text).toMatch(new RegExp(`origin\r\n${evening.middleman.url}`, 'i'));
  // Nothing else that a browser may say of a person or a device.
  const names = new Set(heads.flatMap(namesOf).map((name) => name.toLowerCase()));
  const usual =
    /^(?:host|connection|upgrade|upgrade-insecure-requests|pragma|cache-control|origin|referer|user-agent|purpose|service-worker|if-(?:none-match|modified-since)|range|priority|accept|accept-(?:encoding|language)|content-(?:type|length)|sec-websocket-(?:version|key|extensions)|sec-fetch-(?:site|mode|dest|user|storage-access)|sec-purpose|sec-ch-ua(?:-mobile|-platform)?)$/;
  expect([...names].filter((name) => !usual.test(name))).toEqual([]);
  for (const part of headsOf(evening, 'out'))
    expect(namesOf(part).join(' ').toLowerCase()).not.toContain('set-cookie');
});

test('sees_meeting: number, public key and proof, the same number at every visit', async ({ evening }) => {
  const before = callsTo('claim', evening.host.frames).filter(({ id }) => id === evening.id);
  expect(before.length).toBeGreaterThan(0);
  const [{ publicKey = '', signature = '' } = {}] = before;
  const key = Buffer.from(String(publicKey), 'base64url');
  const hash = createHash('sha256').update('parley1 id').update(key).digest();
  expect(hash.subarray(0, 16).toString('base64url')).toBe(evening.id);
  expect(Buffer.from(String(signature), 'base64url')).toHaveLength(64);
  await evening.host.meeting.reload();
  await expect
    .poll(() => callsTo('claim', evening.host.frames).filter(({ id }) => id === evening.id).length)
    .toBeGreaterThan(before.length);
});

test('sees_saved: Home asks of all saved meetings at once', ({ evening }) => {
  const watched = callsTo('watch', evening.host.frames).map(({ ids }) => ids as string[]);
  const claimed = new Set(callsTo('claim', evening.host.frames).map(({ id }) => String(id)));
  expect(claimed.size).toBe(3);
  // Home was opened with two meetings saved, and then a third was made.
  expect(watched.map((ids) => ids.length)).toContain(2);
  for (const id of watched.flat()) expect(claimed).toContain(id);
});

test('sees_number: another random number and token for each connection', ({ evening }) => {
  const hellos = [evening.host, evening.guest]
    .flatMap(({ frames }) => eventsOf(frames))
    .filter(({ type }) => type === 'hello');
  expect(hellos.length).toBeGreaterThan(2);
  for (const field of ['peer', 'session'] as const)
    expect(new Set(hellos.map((hello) => hello[field])).size).toBe(hellos.length);
});

test('sees_envelopes: of an envelope its size, its step and what the steps have in common', ({ evening }) => {
  const envelopes = envelopesOf(evening);
  expect(envelopes.length).toBeGreaterThan(3);
  for (const envelope of envelopes) {
    expect(envelope.length).toBeLessThanOrEqual(16 * 1024);
    expect([1, 2, 3, 4]).toContain(envelope[0]);
  }
  const tags = envelopes.map((envelope) => envelope.subarray(1, 9).toString('hex'));
  expect(new Set(tags).size).toBeLessThan(tags.length);
  // A record, of which the kind is 3, also has its number in clear; all else is noise to whoever has no key.
  const sealed = envelopes.map((envelope) => envelope.subarray(9 + (envelope[0] === 3 ? RECORD_HEADER : 0)));
  const once = [...new Set(sealed.map((bytes) => bytes.toString('hex')))].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  expect(once.length).toBeGreaterThan(3);
  for (const [index, bytes] of once.entries()) {
    const rest = Buffer.concat(once.filter((_, other) => other !== index));
    for (let at = 0; at + 8 <= bytes.length; at += 8)
      expect(rest.includes(bytes.subarray(at, at + 8))).toBe(false);
  }
});

test('sees_whom: who is host, who is guest, and for whom an envelope is', ({
  evening: { host, guest, id },
}) => {
  expect(callsTo('knock', guest.frames).map((input) => input['id'])).toContain(id);
  const peers = eventsOf(guest.frames)
    .filter(({ type }) => type === 'hello')
    .map(({ peer }) => peer);
  const toGuest = callsTo('relay', host.frames).map(({ to }) => to);
  expect(toGuest.length).toBeGreaterThan(0);
  for (const to of toGuest) expect(peers).toContain(to);
  for (const { to } of callsTo('relay', guest.frames)) expect(to).toBeNull();
});

test('sees_files: pages and scripts are fetched, and a newer version is asked for', async ({ evening }) => {
  const asked = () => headsOf(evening, 'in').map(({ url }) => url);
  expect(asked()).toContain('/m');
  expect(asked().some((url) => url.startsWith('/_app/immutable/'))).toBe(true);
  await expect.poll(asked, { timeout: 30_000 }).toContain('/release.json');
});

test('sees_check: the test on Connection help makes a meeting of its own and asks for the time', async ({
  evening: { guest, parts, id },
}) => {
  const page = await guest.context.newPage();
  const frames = tap(page);
  await page.goto('/connection-help');
  await page.getByRole('button', { name: 'Run the test' }).click();
  await expect.poll(() => callsTo('release', frames).length, { timeout: 30_000 }).toBeGreaterThan(0);
  const made = callsTo('claim', frames).map((input) => input['id']);
  expect(made).toHaveLength(1);
  expect(made).not.toContain(id);
  expect(parts.map(({ url }) => url)).toContain('/healthz');
  await page.close();
});

test('sees_proxy: who stands in front of the server reads what it reads', ({ evening }) => {
  const id = Buffer.from(evening.id, 'base64url');
  expect(found({ id }, { wire: told(evening) })).toEqual(['id in wire']);
});

test('sees_no_secret: no request, no message, no file and no log has it', ({ evening }) => {
  expectUnknown(evening, /^the secret$/, /^the end of the link$/);
  for (const { url, bytes } of headsOf(evening, 'in')) expect(url + bytes.toString()).not.toContain('#');
});

test('sees_no_content: no message, file or name of one; and nothing goes to it while a call goes on', ({
  evening,
}) => {
  expectUnknown(evening, /^what was said$/, /^a file$/, /^a file name$/);
  const sent = evening.duringCall.filter((part) => isApi(part) && part.kind !== 'head');
  const more = sent.map(({ bytes }) => bytes.toString()).join('\n');
  // Signs of life, and no envelope; a second of picture and sound is many times as much.
  expect(more).not.toContain('envelope');
  expect(more.length).toBeLessThan(2_000);
});

test('sees_no_names: neither name is anywhere', ({ evening }) => {
  expectUnknown(evening, /^the name of the host$/, /^the name of the guest$/);
});

test('sees_no_safety_words: not in any spelling', ({ evening }) => {
  expectUnknown(evening, /^safety words/);
});

test('sees_no_inside: no description, fingerprint, password or candidate', ({ evening }) => {
  expectUnknown(evening, /^a description$/, /^a candidate$/, /^fingerprint/, /^ice-pwd/, /^candidate:/);
});
