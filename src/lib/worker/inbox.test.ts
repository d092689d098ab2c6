import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Writer, type Bytes } from '../protocol/bytes';
import { RecordInbox } from './inbox';

const record = (number: number, isTrue = true): Bytes =>
  new Writer()
    .u32(number)
    .u8(isTrue ? 1 : 0)
    .done();
const isTrue = (bytes: Bytes): boolean => bytes[4] === 1;

/** Takes what can be taken, the way the opener would: a number is done when one true record for it was there. */
function open(inbox: RecordInbox): number[] {
  const opened: number[] = [];
  for (let rivals = inbox.take(); rivals.some(isTrue); rivals = inbox.take()) {
    opened.push(inbox.next);
    inbox.opened();
  }
  return opened;
}

test('any order, doubled or not, comes out as the one order', () => {
  const arrivals = fc
    .integer({ min: 1, max: 32 })
    .chain((count) =>
      fc.tuple(
        fc.constant(count),
        fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
        fc.array(fc.nat(count - 1)),
      ),
    );
  fc.assert(
    fc.property(arrivals, ([count, order, doubled]) => {
      const inbox = new RecordInbox();
      const opened = [...doubled, ...order].flatMap((number) => {
        inbox.put(number, record(number));
        return open(inbox);
      });
      expect(opened).toEqual([...Array(count).keys()]);
      expect(inbox.isWaiting).toBe(false);
    }),
  );
});

test('a gap holds back what comes after it, and says so', () => {
  const inbox = new RecordInbox();
  inbox.put(1, record(1));
  expect(open(inbox)).toEqual([]);
  expect(inbox.isWaiting).toBe(true);
  inbox.put(0, record(0));
  expect(open(inbox)).toEqual([0, 1]);
  expect(inbox.isWaiting).toBe(false);
});

test('a forged twin shuts out neither the true record before it nor the one after it', () => {
  for (const order of [
    [true, false],
    [false, true],
  ]) {
    const inbox = new RecordInbox();
    for (const truth of order) inbox.put(0, record(0, truth));
    expect(open(inbox)).toEqual([0]);
  }
});

test('forgeries that were tried are gone, and the true record may still come', () => {
  const inbox = new RecordInbox();
  inbox.put(0, record(0, false));
  expect(open(inbox)).toEqual([]);
  inbox.put(0, record(0));
  expect(open(inbox)).toEqual([0]);
});

test('what is held is bounded, and the next one always has room', () => {
  const inbox = new RecordInbox();
  for (let number = 1; number < 10_000; number++) inbox.put(number, record(number));
  for (let i = 0; i < 10_000; i++) inbox.put(1, record(1, false));
  inbox.put(0, record(0));
  const opened = open(inbox);
  expect(opened.at(0)).toBe(0);
  expect(opened.length).toBeLessThanOrEqual(34);
  inbox.put(5, record(5, false));
  expect(inbox.isWaiting).toBe(false);
});
