import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { hasCoturn, MISSING, startCoturn } from '../../scripts/coturn.mjs';
import { found } from '../support/needles';
import { ParleyServer } from '../support/server';
import {
  createMeeting,
  expect,
  expectConnected,
  expectHeard,
  say,
  test as base,
  type Visitor,
} from './journey';

/** What the page "What our server sees" says of relays, held to every packet that a real coturn gets. */
const SAID = 'zanzibar umbrella nine three four one';
const FILE = { name: 'ledger of wonders.txt', text: 'kaleidoscope-7719-porcelain ' };

type Packet = { fromPort: number; bytes: Buffer };

/** Everything that browsers send to the relay over UDP goes through here, and back. */
class Tap {
  readonly packets: Packet[] = [];
  readonly #front = createSocket('udp4');
  readonly #onward = new Map<number, Socket>();

  async open(port: number): Promise<number> {
    this.#front.on('message', (bytes, { port: fromPort, address }) => {
      this.packets.push({ fromPort, bytes });
      let onward = this.#onward.get(fromPort);
      if (onward === undefined) {
        onward = createSocket('udp4').on('message', (answer) => {
          this.packets.push({ fromPort, bytes: answer });
          this.#front.send(answer, fromPort, address);
        });
        this.#onward.set(fromPort, onward);
      }
      onward.send(bytes, port, '127.0.0.1');
    });
    await new Promise<void>((resolve) => this.#front.bind(0, '127.0.0.1', resolve));
    return this.#front.address().port;
  }

  close(): void {
    for (const socket of [this.#front, ...this.#onward.values()]) socket.close();
  }
}

const test = base.extend<{ tap: Tap; urls: { STUN_URLS: string; TURN_URLS: string; TURN_SECRET: string } }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
  tap: async ({}, use) => {
    const tap = new Tap();
    await use(tap);
    tap.close();
  },
  urls: async ({ tap }, use) => {
    const options = { 'allow-loopback-peers': true, 'allowed-peer-ip': '127.0.0.1' };
    const coturn = await startCoturn({ options });
    const at = `127.0.0.1:${await tap.open(coturn.port)}`;
    await use({
      STUN_URLS: `stun:${at}`,
      TURN_URLS: `turn:${at}?transport=udp`,
      TURN_SECRET: coturn.secret,
    });
    await coturn.stop();
  },
  server: async ({ urls }, use) => {
    const server = new ParleyServer(urls);
    await server.start();
    await use(server);
    await server.close();
  },
});

test.skip(!hasCoturn(), MISSING);

/** STUN's type of message (RFC 8489 section 5). */
const BINDING = 0x0001;
const CREATE_PERMISSION = 0x0008;
const XOR_PEER_ADDRESS = 0x0012;
const typeOf = ({ bytes }: Packet) => (bytes.length < 20 ? -1 : bytes.readUInt16BE(0));

/** The IPv4 addresses that a message names as the other end (RFC 8656 section 18.3). */
function peersIn({ bytes }: Packet): string[] {
  const peers: string[] = [];
  for (let at = 20; at + 12 <= bytes.length; at += 4 + Math.ceil(bytes.readUInt16BE(at + 2) / 4) * 4) {
    if (bytes.readUInt16BE(at) !== XOR_PEER_ADDRESS || bytes.readUInt8(at + 5) !== 1) continue;
    const plain = (bytes.readUInt32BE(at + 8) ^ 0x2112a442) >>> 0;
    peers.push([24, 16, 8, 0].map((shift) => (plain >>> shift) & 255).join('.'));
  }
  return peers;
}

async function join({ page }: Visitor, link: string, hidesAddress: boolean): Promise<void> {
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Persephone Quillfeather');
  await page.getByRole('checkbox', { name: 'Hide my address' }).setChecked(hidesAddress);
  await page.getByRole('button', { name: 'Join' }).click();
}

test('sees_relayed_text: a relay sees both addresses and how much passes, and nothing of what it is', async ({
  host,
  guest,
  tap,
}) => {
  const link = await createMeeting(host);
  await join(guest, link, true);
  await expectConnected(host, guest);
  await expect(guest.page.getByRole('region', { name: 'Connection' })).toContainText('Relayed');
  await say(host, SAID);
  await expectHeard(guest, SAID);
  const buffer = Buffer.from(FILE.text.repeat(20_000));
  const picker = guest.page.locator('input[type=file]');
  await picker.setInputFiles({ name: FILE.name, mimeType: 'text/plain', buffer });
  await host.page.getByRole('button', { name: `Accept ${FILE.name}` }).click();
  await expect(host.page.getByRole('button', { name: `Save ${FILE.name}` })).toBeVisible();

  const passed = Buffer.concat(tap.packets.map(({ bytes }) => bytes));
  expect(passed.length).toBeGreaterThan(buffer.length);
  const here = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  const peers = tap.packets.filter((packet) => typeOf(packet) === CREATE_PERMISSION).flatMap(peersIn);
  expect(peers.length).toBeGreaterThan(0);
  for (const peer of peers) expect(here).toContain(peer);
  const fragment = Buffer.from(link.slice(-68), 'base64url');
  const needles = {
    secret: fragment.subarray(17, 49),
    id: fragment.subarray(1, 17),
    said: Buffer.from(SAID),
    'a file': Buffer.from(FILE.text),
    'its name': Buffer.from(FILE.name),
    'the name of the guest': Buffer.from('Persephone Quillfeather'),
  };
  expect(found(needles, { passed })).toEqual([]);
});

test('sees_stun: a STUN server is asked, also where the connection is direct in the end', async ({
  host,
  guest,
  tap,
}) => {
  await join(guest, await createMeeting(host), false);
  await expectConnected(host, guest);
  await expect(guest.page.getByRole('region', { name: 'Connection' })).toContainText('Direct');
  const asked = () =>
    new Set(tap.packets.filter((packet) => typeOf(packet) === BINDING).map(({ fromPort }) => fromPort)).size;
  await expect.poll(asked).toBeGreaterThan(1);
});
