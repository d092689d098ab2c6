import { beforeAll, describe, expect, test } from 'vitest';
import { FakeByteChannel } from '../../../tests/fakes/byte-channel';
import { EventLog } from '../../../tests/fakes/event-log';
import { FakeStore } from '../../../tests/fakes/stored-handle';
import { equalBytes, type Bytes } from '../protocol/bytes';
import { randomId, type FileId } from '../protocol/ids';
import { FILE_CHUNK_BYTES } from '../protocol/limits';
import { importAeadKey } from '../crypto/aead';
import { sha256 } from '../crypto/hash';
import type { Connection } from './connection';
import { FileTransfers } from './file-transfers';
import type { WorkerEvent } from './messages';

const CHUNK = FILE_CHUNK_BYTES;

/** Content in which no two records are alike. */
function content(size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 4) bytes[i] = (i >> 14) ^ (i & 0xff);
  return bytes;
}

/** The runner's own comparison takes seconds for a megabyte. */
const expectSame = (stored: Bytes | undefined, source: Bytes): void =>
  expect(stored !== undefined && equalBytes(stored, source)).toBe(true);

/** Only what a transfer asks of its connection: the key of an attempt, the same at both ends. */
const connection = {
  tag: '0011223344556677',
  talk: null,
  fileKey: async (_isOwn: boolean, _file: FileId, attempt: Bytes) => importAeadKey(await sha256(attempt)),
} as unknown as Connection;

class Transfer {
  readonly file = randomId<FileId>();
  readonly size: number;
  readonly store = new FakeStore();
  readonly heard = { sender: new EventLog<WorkerEvent>(), receiver: new EventLog<WorkerEvent>() };
  readonly sender: FileTransfers;
  readonly receiver: FileTransfers;
  channels = FakeByteChannel.pair();

  constructor(size: number) {
    this.size = size;
    const sender: FileTransfers = new FileTransfers(new FakeStore(), (event) => {
      this.heard.sender.add(event);
      if (event.type === 'want-file-channel') {
        const [own, other] = this.channels;
        sender.adopt(own, this.file, connection);
        this.receiver.adopt(other, null, connection);
        own.open();
      }
    });
    this.sender = sender;
    this.receiver = new FileTransfers(this.store, (event) => this.heard.receiver.add(event));
  }

  /** Receives, and sends from where the receiver says. `accepted` is the size that the receiver agreed to. */
  async run(source: Bytes, accepted = this.size): Promise<number> {
    const from = await this.receiver.receive(this.file, accepted, connection);
    this.sender.send(
      { type: 'send-file', connection: connection.tag, file: this.file, source: new Blob([source]), from },
      connection,
    );
    return from;
  }

  get stored(): Bytes | undefined {
    return this.store.files.get(this.file)?.bytes;
  }
  async expectFailure(reason: string): Promise<void> {
    expect((await this.heard.receiver.first('file-failed')).reason).toBe(reason);
    expect(this.heard.receiver.of('file-received')).toEqual([]);
    expect(this.store.files.size).toBe(0);
  }
}

let big: Bytes;
beforeAll(() => {
  big = content(20 * CHUNK + 5);
});

describe('a file', () => {
  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 4 * CHUNK, 17 * CHUNK + 3])(
    'of %i bytes arrives whole',
    async (size) => {
      const transfer = new Transfer(size);
      const source = content(size);
      expect(await transfer.run(source)).toBe(0);
      await transfer.heard.receiver.first('file-received');
      expectSame(transfer.stored, source);
      expect(transfer.store.files.get(transfer.file)?.isOpen).toBe(false);
      if (size > 0) {
        const last = Math.ceil(size / CHUNK);
        expect(transfer.heard.receiver.of('file-progress').at(-1)?.records).toBe(last);
      }
    },
  );

  test('stops with its channel and goes on from the records that are stored', async () => {
    const transfer = new Transfer(big.length);
    let passed = 0;
    const [own] = transfer.channels;
    own.onTheWay = (frame) => (++passed > 10 ? [] : [frame]);
    await transfer.run(big);
    await expect.poll(() => transfer.stored?.length).toBe(8 * CHUNK);
    own.close();
    transfer.channels = FakeByteChannel.pair();
    expect(await transfer.run(big)).toBe(8);
    await transfer.heard.receiver.first('file-received');
    expectSame(transfer.stored, big);
  });

  test('whose source changed before a resume is thrown away', async () => {
    const transfer = new Transfer(big.length);
    const [own] = transfer.channels;
    let passed = 0;
    own.onTheWay = (frame) => (++passed > 10 ? [] : [frame]);
    await transfer.run(big);
    await expect.poll(() => transfer.stored?.length).toBe(8 * CHUNK);
    own.close();
    transfer.channels = FakeByteChannel.pair();
    await transfer.run(big.map((byte) => byte ^ 1));
    await transfer.expectFailure('damaged');
  });

  test('pauses and goes on', async () => {
    const transfer = new Transfer(big.length);
    const [own] = transfer.channels;
    let passed = 0;
    own.onTheWay = (frame) => {
      if (++passed === 5) transfer.sender.pause(transfer.file, true);
      return [frame];
    };
    await transfer.run(big);
    await expect.poll(() => passed).toBe(5);
    transfer.sender.pause(transfer.file, false);
    await transfer.heard.receiver.first('file-received');
    expectSame(transfer.stored, big);
  });

  test('is deleted when it is dropped half-way, and nothing more is written', async () => {
    const transfer = new Transfer(big.length);
    const [own] = transfer.channels;
    let passed = 0;
    own.onTheWay = (frame) => {
      if (++passed === 6) void transfer.receiver.drop(transfer.file);
      return [frame];
    };
    await transfer.run(big);
    await expect.poll(() => own.isClosed).toBe(true);
    expect(transfer.store.files.size).toBe(0);
    expect(transfer.heard.receiver.of('file-failed')).toEqual([]);
  });

  test('that the disk has no room for is told and deleted', async () => {
    const transfer = new Transfer(big.length);
    await transfer.receiver.receive(transfer.file, big.length, connection);
    const handle = transfer.store.files.get(transfer.file);
    if (handle !== undefined) handle.roomBytes = 3 * CHUNK;
    await transfer.run(big);
    await transfer.expectFailure('write-failed');
  });
});

describe('a sender that', () => {
  const changes: Record<string, (frame: Bytes, number: number) => readonly Bytes[]> = {
    'flips a byte of a record': (frame, number) =>
      number === 3 ? [frame.map((byte, at) => (at === 100 ? byte ^ 1 : byte))] : [frame],
    'cuts a record': (frame, number) => (number === 3 ? [frame.slice(0, -1)] : [frame]),
    'sends a record twice': (frame, number) => (number === 3 ? [frame, frame] : [frame]),
    'leaves a record out': (frame, number) => (number === 3 ? [] : [frame]),
    'flips a byte of the end': (frame) =>
      frame[0] === 3 ? [frame.map((byte, at) => (at === 12 ? byte ^ 1 : byte))] : [frame],
    'says more after the end': (frame) =>
      frame[0] === 3 ? [frame.map((byte, at) => (at === 0 ? 2 : byte))] : [frame],
    'says it begins elsewhere': (frame, number) =>
      number === 0 ? [frame.map((byte, at) => (at === frame.length - 1 ? 1 : byte))] : [frame],
    'says it begins elsewhere, and nothing more': (frame, number) =>
      number === 0 ? [frame.map((byte, at) => (at === frame.length - 1 ? 1 : byte))] : [],
  };
  test.each(Object.entries(changes))('%s is not believed', async (_, change) => {
    const transfer = new Transfer(big.length);
    let number = 0;
    transfer.channels[0].onTheWay = (frame) => change(frame, number++);
    await transfer.run(big);
    await transfer.expectFailure('damaged');
    await expect.poll(() => transfer.channels[1].isClosed).toBe(true);
  });

  test('swaps two records is not believed', async () => {
    const transfer = new Transfer(big.length);
    let held: Bytes | null = null;
    let number = 0;
    transfer.channels[0].onTheWay = (frame) => {
      if (++number === 3) {
        held = frame;
        return [];
      }
      const late = held === null ? [] : [held];
      held = null;
      return [frame, ...late];
    };
    await transfer.run(big);
    await transfer.expectFailure('damaged');
  });

  test.each([1, -1, CHUNK])(
    'has %i bytes more than were accepted is stopped at the accepted size',
    async (more) => {
      const transfer = new Transfer(big.length);
      await transfer.run(big, big.length - more);
      await transfer.expectFailure('damaged');
    },
  );

  test('opens a channel for a file that nobody accepted finds it closed', async () => {
    const transfer = new Transfer(big.length);
    transfer.sender.send(
      {
        type: 'send-file',
        connection: connection.tag,
        file: transfer.file,
        source: new Blob([big]),
        from: 0,
      },
      connection,
    );
    await expect.poll(() => transfer.channels[1].isClosed).toBe(true);
    expect(transfer.heard.receiver.events).toEqual([]);
    expect(transfer.store.files.size).toBe(0);
  });

  test.each([new Uint8Array(0), new Uint8Array(41).fill(1), new Uint8Array(100).fill(2)])(
    'begins with junk finds its channel closed',
    async (junk) => {
      const transfer = new Transfer(big.length);
      const [own, other] = transfer.channels;
      transfer.receiver.adopt(other, null, connection);
      own.open();
      own.send(junk);
      await expect.poll(() => other.isClosed).toBe(true);
      expect(transfer.heard.receiver.events).toEqual([]);
    },
  );
});

describe('a receiver that', () => {
  test('stores nothing more is not flooded', async () => {
    const records = 600;
    const transfer = new Transfer(records * CHUNK);
    let passed = 0;
    transfer.channels[0].onTheWay = () => {
      passed++;
      return [];
    };
    await transfer.run(new Uint8Array(records * CHUNK));
    // The preamble and a window of 512 records; then nothing until the receiver says that it stored some.
    await expect.poll(() => passed).toBe(513);
    transfer.sender.moveWindow(transfer.file, 10);
    await expect.poll(() => passed).toBe(523);
    transfer.sender.stop(transfer.file);
    await expect.poll(() => transfer.channels[0].isClosed).toBe(true);
  });

  test('answers on the channel of the file closes it', async () => {
    const transfer = new Transfer(big.length);
    transfer.sender.pause(transfer.file, true);
    await transfer.run(big);
    const [own, other] = transfer.channels;
    other.send(Uint8Array.of(1));
    await expect.poll(() => own.isClosed).toBe(true);
  });
});

test('a source that cannot be read any more ends the transfer for good', async () => {
  const transfer = new Transfer(big.length);
  const source = new Blob([big]);
  source.slice = () => {
    throw new DOMException('gone', 'NotReadableError');
  };
  await transfer.receiver.receive(transfer.file, big.length, connection);
  transfer.sender.send(
    { type: 'send-file', connection: connection.tag, file: transfer.file, source, from: 0 },
    connection,
  );
  expect((await transfer.heard.sender.first('file-failed')).reason).toBe('unreadable');
});
