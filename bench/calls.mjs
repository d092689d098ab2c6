/**
 * Calls: how soon a picture is there, and what sealing costs.
 *
 *   node bench/calls.mjs [--rounds 20] [--seconds 10]
 *
 * First picture: the host calls by video, the guest presses Accept (camera off) a second after it rang; from the press to
 * the first picture on the guest's screen. In Parley, and on the bare page, whose callee answers the offer that waits. Each
 * round is a meeting of its own, and a connection of its own, at both.
 *
 * Sealing: a call with the host's camera at 1280x720 and both microphones, in Parley as it is and in Parley with browsers
 * that cannot seal; pictures received in `seconds`, and CPU time of the pages' processes for each. Four browsers, two
 * meetings, one call at a time.
 */
import { fileURLToPath } from 'node:url';
import {
  accept,
  hangUp,
  isWhole,
  launchCaller,
  meet,
  openPair,
  pause,
  received,
  requireSeal,
  ring,
  UNSEALED,
  whole,
} from './meet.mjs';
import { interleave, median, readOptions, report, startParley } from './support.mjs';

/** @typedef {import('./meet.mjs').Pair} Pair */
/** @typedef {import('@playwright/test').Browser} Browser */
/** @typedef {typeof globalThis & { bare: import('./reference/call.mjs').Bare }} Bare */
/**
 * @typedef {object} Window
 * @property {number} framesPerS that were received
 * @property {number} encodedPerS that the host's encoder made: where these are fewer, it is not the sealing that loses them
 * @property {number} cpuMsPerFrame of both pages, for each that was received
 * @property {number} hostCpuS
 * @property {number} guestCpuS
 * @property {string} limit why the host's browser sends less than it could
 */

/** A trustworthy origin, as cameras demand; nothing listens there, the files come from here. */
const BARE_URL = 'http://localhost/call.html';
const REFERENCE = fileURLToPath(new URL('reference/', import.meta.url));
const PICTURE = "the host's video";
/** Nobody presses sooner. */
const RING_MS = 1_000;
const ATTEMPTS = 3;

const { rounds, seconds } = readOptions({ rounds: 20, seconds: 10 });
const parley = await startParley();

/**
 * @param {Browser} hosts
 * @param {Browser} guests
 */
async function callParley(hosts, guests) {
  const pair = await meet(hosts, guests, parley.url);
  await ring(pair, { camera: false });
  await pause(RING_MS);
  const times = await accept(pair.guest);
  await requireSeal(pair, 'sealed');
  if (times.place !== PICTURE) throw new Error(`The first picture is ${times.place}, not ${PICTURE}.`);
  await pair.close();
  return times;
}

/**
 * @param {Browser} hosts
 * @param {Browser} guests
 */
async function callBare(hosts, guests) {
  const pair = await openPair(hosts, guests);
  const { host, guest } = pair;
  for (const page of [host, guest]) {
    await page.route(/^http:\/\/localhost\//, (route) =>
      route.fulfill({ path: `${REFERENCE}${new URL(route.request().url()).pathname}` }),
    );
    await page.goto(BARE_URL);
  }
  const offer = await host.evaluate(() => /** @type {Bare} */ (globalThis).bare.offer());
  const answer = await guest.evaluate((sdp) => /** @type {Bare} */ (globalThis).bare.answer(sdp), offer);
  await host.evaluate((sdp) => /** @type {Bare} */ (globalThis).bare.take(sdp), answer);
  for (const page of [host, guest]) await page.evaluate(() => /** @type {Bare} */ (globalThis).bare.opened);
  await host.evaluate(() => /** @type {Bare} */ (globalThis).bare.call());
  await guest.getByRole('button', { name: 'Accept' }).waitFor();
  await pause(RING_MS);
  const times = await accept(guest);
  await pair.close();
  return times;
}

async function measureFirstPicture() {
  const [hosts, guests] = [await launchCaller(), await launchCaller()];
  const pairs = await interleave(rounds, {
    reference: () => callBare(hosts, guests),
    parley: () => callParley(hosts, guests),
  });
  await Promise.all([hosts.close(), guests.close()]);
  report(
    { name: 'calls.accept_to_first_picture', unit: 'ratio', reference: 'bare call' },
    pairs.map((pair) => pair.parley.shownMs / pair.reference.shownMs),
    {
      parleyMs: median(pairs.map((pair) => pair.parley.shownMs)),
      referenceMs: median(pairs.map((pair) => pair.reference.shownMs)),
    },
    pairs,
  );
}

/**
 * CPU time of the processes that run pages, which in such a browser is one page.
 * @param {Browser} browser
 * @returns {Promise<number>} seconds
 */
async function rendererSeconds(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.reduce((sum, { type, cpuTime }) => (type === 'renderer' ? sum + cpuTime : sum), 0);
}

/**
 * Its own two browsers and a meeting, in which nobody calls yet.
 * @param {'sealed' | 'unsealed'} kind
 */
async function openSide(kind) {
  const [hosts, guests] = [await launchCaller(), await launchCaller()];
  const pair = await meet(hosts, guests, parley.url, kind === 'sealed' ? '' : UNSEALED);

  const look = async () => ({
    hostCpuS: await rendererSeconds(hosts),
    guestCpuS: await rendererSeconds(guests),
    host: await received(pair.host),
    guest: await received(pair.guest),
  });

  /** @returns {Promise<Window>} */
  const watch = async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await whole(pair.guest);
      const before = await look();
      await pause(seconds * 1000);
      const after = await look();
      // A picture that shrank is a measurement of something else.
      if (!isWhole(after.guest)) continue;
      const frames = after.guest.framesDecoded - before.guest.framesDecoded;
      const encoded = after.host.framesEncoded - before.host.framesEncoded;
      const [hostCpuS, guestCpuS] = [after.hostCpuS - before.hostCpuS, after.guestCpuS - before.guestCpuS];
      return {
        framesPerS: (frames * 1000) / (after.guest.atMs - before.guest.atMs),
        encodedPerS: (encoded * 1000) / (after.host.atMs - before.host.atMs),
        cpuMsPerFrame: ((hostCpuS + guestCpuS) * 1000) / frames,
        hostCpuS,
        guestCpuS,
        limit: after.host.limit,
      };
    }
    throw new Error(`The picture did not stay at 1280x720, ${ATTEMPTS} times.`);
  };

  const call = async () => {
    await ring(pair, { camera: false });
    await accept(pair.guest);
    await requireSeal(pair, kind);
    const window = await watch();
    await hangUp(pair);
    return window;
  };
  return { call, close: () => Promise.all([hosts.close(), guests.close()]) };
}

async function measureSealing() {
  const [sealed, unsealed] = [await openSide('sealed'), await openSide('unsealed')];
  const pairs = await interleave(rounds, { reference: unsealed.call, parley: sealed.call });
  await Promise.all([sealed.close(), unsealed.close()]);
  /**
   * @param {string} name
   * @param {string} unit
   * @param {(window: Window) => number} measure
   */
  const tell = (name, unit, measure) => {
    const [ours, theirs] = [
      median(pairs.map((pair) => measure(pair.parley))),
      median(pairs.map((pair) => measure(pair.reference))),
    ];
    report(
      { name, unit: 'ratio', reference: 'the same unsealed' },
      pairs.map((pair) => measure(pair.parley) / measure(pair.reference)),
      { ratioOfMedians: ours / theirs, [`sealed${unit}`]: ours, [`unsealed${unit}`]: theirs },
      pairs,
    );
  };
  tell('calls.sealed_frame_rate', 'PerS', (window) => window.framesPerS);
  tell('calls.sealed_cpu', 'MsPerFrame', (window) => window.cpuMsPerFrame);
}

try {
  await measureFirstPicture();
  await measureSealing();
} finally {
  await parley.close();
}
