import type { Bytes } from '../../src/lib/protocol/bytes';
import type { Carried, Step } from '../support/relay';
import { expect, inLanes, test, type Setting } from './behind-relay';
import type { Lane } from './lane';

/**
 * A server that changes, drops, doubles, delays, reorders and reflects what it relays (SERVER, hostile input), with two
 * real browsers behind it. Nobody but the true other end is ever there; done once it only delays; done always, the
 * guest is told.
 */
/** Kind, tag, first, middle and last byte of the body. */
const POSITIONS: readonly ((bytes: Bytes) => number)[] = [
  () => 0,
  () => 4,
  () => 9,
  (bytes) => bytes.length >> 1,
  (bytes) => bytes.length - 1,
];
function flip(bytes: Bytes, position: number): Bytes {
  const at = POSITIONS[position % POSITIONS.length]?.(bytes);
  return bytes.map((byte, index) => (index === at ? byte ^ 0x01 : byte));
}

/** What is done to one envelope. `later` is done once the connection is there. */
type Trick = (carried: Carried, lane: { position: number; later: (() => void)[] }) => void;

const TRICKS: Record<string, Trick> = {
  'with a byte flipped': ({ bytes, pass }, { position }) => pass(flip(bytes, position)),
  'with another byte flipped': ({ bytes, pass }, { position }) => pass(flip(bytes, position + 2)),
  'cut off': ({ bytes, pass }) => pass(bytes.slice(0, bytes.length >> 1)),
  dropped: () => undefined,
  'passed on three times, once much later': ({ bytes, pass }, { later }) => {
    pass(bytes);
    pass(bytes);
    later.push(() => pass(bytes));
  },
  'reflected as well': ({ bytes, pass, reflect }) => {
    reflect(bytes);
    pass(bytes);
  },
};
const REORDERED = 'passed on after the next';

const STEPS: readonly Step[] = [
  'message 1',
  'message 2',
  'record 0 of the guest',
  'record 1 of the guest',
  'record 0 of the host',
  'record 1 of the host',
];

/** Plays `trick` on the first envelope of that step and is honest about every other. Answers what was played. */
function playOnce(setting: Setting, lane: Lane, step: Step, trick: Trick | null, position: number) {
  const later: (() => void)[] = [];
  const played = { isDone: false, later };
  let held: (() => void) | null = null;
  setting.relay.tamper(lane.meeting, (carried) => {
    const release = held;
    held = null;
    if (played.isDone || carried.step !== step) carried.pass(carried.bytes);
    else {
      played.isDone = true;
      if (trick !== null) trick(carried, { position, later });
      else held = () => carried.pass(carried.bytes);
    }
    release?.();
  });
  return played;
}

test('an envelope spoilt once only delays', async ({ setting }) => {
  test.setTimeout(240_000);
  await inLanes(setting, STEPS, async (lane, index) => {
    const step = lane.guestName as Step;
    for (const [name, trick] of [...Object.entries(TRICKS), [REORDERED, null] as const]) {
      const played = playOnce(setting, lane, step, trick, index);
      await test.step(`${step} ${name}`, async () => {
        // A channel that opens before the last candidates are ready carries them itself: then there is no record 1
        // for the server to spoil, and the guest comes once more.
        for (let attempt = 0; attempt < 5 && !played.isDone; attempt++) {
          await lane.join();
          await lane.expectTrueConnection();
        }
        expect(played.isDone, 'the trick was played').toBe(true);
        for (const again of played.later) again();
        await lane.expectTalk(`after ${name}`);
      });
    }
  });
});

/** Which envelopes are spoilt at every attempt, and what the guest reads then. */
const ALWAYS: Record<string, { isSpoilt: (step: Step) => boolean; says: RegExp }> = {
  'message 1': { isSpoilt: (step) => step === 'message 1', says: /replaced|interfering/ },
  'message 2': { isSpoilt: (step) => step === 'message 2', says: /interfering/ },
  'all of the guest': { isSpoilt: (step) => step.endsWith('the guest'), says: /interfering/ },
  'all of the host': { isSpoilt: (step) => step.endsWith('the host'), says: /interfering/ },
};
const SPOILS: Record<string, (carried: Carried) => void> = {
  changed: ({ bytes, pass }) => pass(flip(bytes, 4)),
  'held back': () => undefined,
  'sent back': ({ bytes, reflect }) => reflect(bytes),
};

test('what is spoilt always connects nobody, and the guest is told', async ({ setting }) => {
  test.setTimeout(240_000);
  const cases = Object.entries(SPOILS).flatMap(([how, spoil]) =>
    Object.entries(ALWAYS).map(([what, always]) => ({ name: `${what}, ${how}`, spoil, ...always })),
  );
  const names = cases.map(({ name }) => name);
  await inLanes(setting, names, async (lane, index) => {
    const { isSpoilt, spoil, says } = cases[index] ?? {
      isSpoilt: () => false,
      spoil: () => undefined,
      says: /^$/,
    };
    setting.relay.tamper(lane.meeting, (carried) => {
      if (isSpoilt(carried.step)) spoil(carried);
      else carried.pass(carried.bytes);
    });
    await test.step(lane.guestName, async () => {
      await lane.join();
      await lane.expectWarning(says);
    });
  });
});
