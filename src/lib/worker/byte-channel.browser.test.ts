import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { byteChannel, type ByteChannel } from './byte-channel';
import { shuttle } from './shuttle';

/** The two ways in which a channel gets to its keys: itself, or over a port where a browser cannot transfer it. */
const WAYS: Record<string, (channel: RTCDataChannel) => ByteChannel> = {
  'the channel itself': byteChannel,
  'a channel that stays on the page': (channel) => byteChannel(shuttle(channel)),
};

type Heard = { opened: number; closed: number; messages: Uint8Array[] };

function listen(channel: ByteChannel): Heard {
  const heard: Heard = { opened: 0, closed: 0, messages: [] };
  channel.listen({
    opened: () => heard.opened++,
    received: (bytes) => heard.messages.push(bytes),
    closed: () => heard.closed++,
  });
  return heard;
}

let pcs: RTCPeerConnection[] = [];
beforeEach(() => {
  pcs = [new RTCPeerConnection(), new RTCPeerConnection()];
});
afterEach(() => {
  for (const pc of pcs) pc.close();
});

/** Two ends of one channel, not connected yet. */
function channels(): [RTCDataChannel, RTCDataChannel] {
  const [a, b] = pcs.map((pc) => pc.createDataChannel('', { negotiated: true, id: 0 }));
  if (a === undefined || b === undefined) throw new Error('two connections were expected');
  return [a, b];
}

async function connect(): Promise<void> {
  const [a, b] = pcs;
  if (a === undefined || b === undefined) return;
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate ?? undefined);
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate ?? undefined);
  await a.setLocalDescription();
  if (a.localDescription !== null) await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  if (b.localDescription !== null) await a.setRemoteDescription(b.localDescription);
}

describe.each(Object.entries(WAYS))('%s', (_, wrap) => {
  const open = async () => {
    const [raw, far] = channels();
    far.binaryType = 'arraybuffer';
    const channel = wrap(raw);
    const isOpen = new Promise((resolve) => far.addEventListener('open', resolve));
    await connect();
    await isOpen;
    await expect.poll(() => channel.isOpen).toBe(true);
    return { channel, raw, far };
  };

  test('opens once', async () => {
    const [raw, far] = channels();
    const channel = wrap(raw);
    const heard = listen(channel);
    expect(channel.isOpen).toBe(false);
    channel.send(Uint8Array.of(1));
    await connect();
    await expect.poll(() => heard.opened).toBe(1);
    far.send(Uint8Array.of(2));
    await expect.poll(() => heard.messages.length).toBe(1);
    expect(heard).toMatchObject({ opened: 1, closed: 0 });
  });

  test('keeps what came before anybody listened, in order', async () => {
    const { channel, far } = await open();
    for (const byte of [1, 2, 3]) far.send(Uint8Array.of(byte));
    const echo = new Promise((resolve) => far.addEventListener('message', resolve));
    channel.send(Uint8Array.of(0));
    await echo;
    const heard = listen(channel);
    expect(heard.opened).toBe(1);
    far.send(Uint8Array.of(4));
    await expect.poll(() => heard.messages.map(([byte]) => byte)).toEqual([1, 2, 3, 4]);
  });

  test('sends in order', async () => {
    const { channel, far } = await open();
    const got: number[] = [];
    far.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => got.push(new Uint8Array(data)[0] ?? -1);
    for (let byte = 0; byte < 100; byte++) channel.send(new Uint8Array(1_000).fill(byte));
    await expect.poll(() => got).toEqual([...Array(100).keys()]);
  });

  test('makes an empty record of text, which opens nothing', async () => {
    const { channel, far } = await open();
    const heard = listen(channel);
    far.send('hello');
    await expect.poll(() => heard.messages).toEqual([new Uint8Array(0)]);
  });

  test('knows how much is buffered, and when it has drained', async () => {
    const { channel } = await open();
    for (let i = 0; i < 64; i++) channel.send(new Uint8Array(64 * 1024));
    expect(channel.bufferedBytes).toBeGreaterThan(256 * 1024);
    await channel.drained(256 * 1024, new AbortController().signal);
    expect(channel.bufferedBytes).toBeLessThanOrEqual(256 * 1024);
    await channel.drained(256 * 1024, new AbortController().signal);
  });

  test('lets nobody wait for a buffer that is not wanted any more', async () => {
    const { channel } = await open();
    for (let i = 0; i < 64; i++) channel.send(new Uint8Array(64 * 1024));
    const stop = new AbortController();
    const waiting = channel.drained(0, stop.signal);
    stop.abort();
    await waiting;
    await channel.drained(0, stop.signal);
  });

  test('lets nobody wait for the buffer of a closed channel', async () => {
    const { channel, far } = await open();
    for (let i = 0; i < 64; i++) channel.send(new Uint8Array(64 * 1024));
    const waiting = channel.drained(0, new AbortController().signal);
    far.close();
    await waiting;
  });

  test('closes once, at both ends, and takes nothing more', async () => {
    const { channel, far } = await open();
    const heard = listen(channel);
    const isClosed = new Promise((resolve) => far.addEventListener('close', resolve));
    channel.close();
    await isClosed;
    await expect.poll(() => heard.closed).toBe(1);
    channel.send(Uint8Array.of(1));
    channel.close();
    expect(channel.isOpen).toBe(false);
    expect(heard.closed).toBe(1);
  });

  test('tells its end to who listens late', async () => {
    const { channel, far } = await open();
    far.send(Uint8Array.of(7));
    far.close();
    await expect.poll(() => channel.isOpen).toBe(false);
    const heard = listen(channel);
    await expect.poll(() => heard).toMatchObject({ opened: 1, closed: 1, messages: [Uint8Array.of(7)] });
  });
});
