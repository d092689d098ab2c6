import { callByVideo, expectPicture, expectSound, GUEST_VIDEO, HOST_VIDEO, meet } from './call';
import { expect, test, WHILE_AWAY, type Visitor } from './journey';

// Pictures are encoded and decoded in software, on as few cores as there are.
test.describe.configure({ timeout: 120_000 });

/** A call outlives the connection that carries it. */

declare const connections: RTCPeerConnection[];

/** Keeps every connection of the page where the test can break it. */
async function exposeConnections({ page }: Visitor): Promise<void> {
  await page.addInitScript(() => {
    const made: RTCPeerConnection[] = [];
    Object.assign(globalThis, { connections: made });
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        made.push(this);
      }
    };
  });
}

const openCount = ({ page }: Visitor): Promise<number> =>
  page.evaluate(() => connections.filter(({ connectionState }) => connectionState === 'connected').length);

test('the connection is lost for good: the next one carries the call on, with keys of its own', async ({
  host,
  guest,
}) => {
  await exposeConnections(guest);
  await meet(host, guest);
  await callByVideo(host, guest);
  await Promise.all([expectPicture(host, GUEST_VIDEO), expectPicture(guest, HOST_VIDEO)]);
  await guest.page.evaluate(() => {
    for (const connection of connections) connection.close();
  });
  await expect.poll(() => openCount(guest)).toBe(1);
  await Promise.all([expectPicture(host, GUEST_VIDEO), expectPicture(guest, HOST_VIDEO)]);
  await Promise.all([expectSound(host), expectSound(guest)]);
});

test('ICE restarts in the middle of a call', async ({ host, guest }) => {
  await exposeConnections(guest);
  await meet(host, guest);
  await callByVideo(host, guest);
  await expectPicture(guest, HOST_VIDEO);
  const fragment = () =>
    guest.page.evaluate(() => {
      const open = connections.find(({ connectionState }) => connectionState === 'connected');
      return /a=ice-ufrag:(\S+)/.exec(open?.localDescription?.sdp ?? '')?.[1];
    });
  const before = await fragment();
  await guest.page.evaluate(() => {
    for (const connection of connections)
      if (connection.connectionState === 'connected') connection.restartIce();
  });
  await expect.poll(fragment).not.toBe(before);
  await Promise.all([expectPicture(host, GUEST_VIDEO), expectPicture(guest, HOST_VIDEO)]);
  await Promise.all([expectSound(host), expectSound(guest)]);
});

test.describe('the server goes away', () => {
  test.use({
    expectedProblems: [[WHILE_AWAY], { scope: 'test' }],
  });

  test('and comes back: nobody in the call notices', async ({ host, guest, server }) => {
    await meet(host, guest);
    await callByVideo(host, guest);
    await expectPicture(guest, HOST_VIDEO);
    await server.kill('SIGKILL');
    await expectPicture(host, GUEST_VIDEO);
    await server.start();
    await Promise.all([expectPicture(host, GUEST_VIDEO), expectPicture(guest, HOST_VIDEO)]);
    await expectSound(host);
  });
});
