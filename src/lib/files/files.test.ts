import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ParleyError } from '../protocol/errors';
import { randomId, toId, type FileId, type ParticipantId } from '../protocol/ids';
import { FILE_CHUNK_BYTES, MAX_OPEN_OFFERS } from '../protocol/limits';
import { decodeMessage, encodeMessage, type TalkMessage } from '../protocol/message';
import type { AcceptedFile, AcceptedFiles } from './accepted-files';
import type { FilePort } from './file-port';
import { Files } from './files.svelte';
import type { FileTransfer } from './listing';

const person = (byte: number): ParticipantId => toId<ParticipantId>(new Uint8Array(16).fill(byte));
const ADA = person(1);
const BO = person(2);
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);

/** Everything that is due in promises, none of it on a clock. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Consents implements AcceptedFiles {
  kept: AcceptedFile[] = [];
  async list(): Promise<AcceptedFile[]> {
    return this.kept;
  }
  async add(one: AcceptedFile): Promise<void> {
    await this.remove(one.file);
    this.kept.push(one);
  }
  async remove(file: FileId): Promise<void> {
    this.kept = this.kept.filter((one) => one.file !== file);
  }
}

/** One page: what its worker was told, what it sent, what it saved. */
class Page {
  readonly talked: TalkMessage[] = [];
  readonly told: unknown[][] = [];
  readonly faults: unknown[] = [];
  readonly arrivals: FileTransfer[] = [];
  readonly saved: string[] = [];
  readonly dropped: FileId[] = [];
  readonly files: Files;
  readonly consents: Consents;
  nowMs = 1000;
  stored: Blob | null = null;
  room: Promise<number> = Promise.resolve(0);

  constructor(consents = new Consents()) {
    this.consents = consents;
    this.files = new Files({
      store: {
        read: async () => {
          if (this.stored === null) throw new ParleyError('file/unreadable');
          return this.stored;
        },
        drop: (file) => this.dropped.push(file),
      },
      accepted: this.consents,
      now: () => this.nowMs,
      onArrival: (transfer) => this.arrivals.push(transfer),
      onFault: (fault) => this.faults.push(fault),
      save: (_contents, name) => {
        this.saved.push(name);
        return `blob:${name}`;
      },
    });
  }

  /** The port of one connection. */
  port(): FilePort {
    return {
      talk: (message) => this.talked.push(message),
      send: (file, source, from) => this.told.push(['send', file, source.size, from]),
      moveWindow: (file, records) => this.told.push(['moveWindow', file, records]),
      pause: (file, isPaused) => this.told.push(['pause', file, isPaused]),
      stop: (file) => this.told.push(['stop', file]),
      receive: () => this.room,
    };
  }

  get only(): FileTransfer {
    const [transfer, ...others] = this.files.transfers;
    if (transfer === undefined || others.length > 0) throw new Error('not one transfer');
    return transfer;
  }
}

function file(name: string, size: number, type = ''): File {
  return new File([new Uint8Array(size)], name, { type });
}

const offerOf = (id: FileId, size = 100, name = 'a.txt'): TalkMessage => ({
  kind: 'file-offer',
  file: id,
  size,
  name,
  mediaType: 'text/plain',
});

/** Bo's page, on which Ada is attached and her earlier consents are read. */
async function receiver(consents?: Consents): Promise<Page> {
  const page = new Page(consents);
  page.files.attach(ADA, 'Ada', page.port());
  await settled();
  return page;
}

describe('Files', () => {
  let id: FileId;
  beforeEach(() => {
    id = randomId<FileId>();
  });

  it('carries a file from offer to save', async () => {
    const [ada, bo] = [new Page(), new Page()];
    ada.files.attach(BO, 'Bo', ada.port());
    bo.files.attach(ADA, 'Ada', bo.port());
    const carry = async (): Promise<void> => {
      await settled();
      const pass = (from: Page, to: Page, sender: ParticipantId): boolean => {
        const message = from.talked.shift();
        if (message === undefined) return false;
        expect(to.files.receive(sender, decodeMessage(encodeMessage(message)) as TalkMessage)).toBe(true);
        return true;
      };
      if ([pass(ada, bo, ADA), pass(bo, ada, BO)].includes(true)) await carry();
    };

    const size = 20 * FILE_CHUNK_BYTES;
    expect(ada.files.offer([file('holiday.png', size, 'image/png')])).toBe('offered');
    await carry();
    expect(ada.only).toMatchObject({ stage: 'offered', direction: 'out', personName: 'Bo' });
    expect(bo.only).toMatchObject({
      stage: 'asked',
      direction: 'in',
      personName: 'Ada',
      name: 'holiday.png',
      size,
      mediaType: 'image/png',
    });
    expect(bo.arrivals.map(({ name }) => name)).toEqual(['holiday.png']);

    id = bo.only.id;
    bo.files.accept(id);
    await carry();
    expect(ada.told).toEqual([['send', id, size, 0]]);
    expect([ada.only.stage, bo.only.stage]).toEqual(['sending', 'receiving']);
    expect(bo.consents.kept).toMatchObject([{ file: id, participant: ADA, isWhole: false }]);

    bo.nowMs = ada.nowMs = 3000;
    bo.files.fileEvent({ type: 'file-progress', file: id, records: 16 });
    await carry();
    expect(ada.told.at(-1)).toEqual(['moveWindow', id, 16]);
    for (const page of [ada, bo]) {
      expect(page.only).toMatchObject({
        doneBytes: 16 * FILE_CHUNK_BYTES,
        bytesPerSecond: 8 * FILE_CHUNK_BYTES,
        secondsLeft: 0.5,
      });
    }

    bo.files.fileEvent({ type: 'file-received', file: id });
    await carry();
    expect([ada.only.stage, bo.only.stage]).toEqual(['done', 'received']);
    expect(bo.consents.kept).toMatchObject([{ isWhole: true }]);

    bo.stored = new Blob([PNG]);
    await bo.files.save(id);
    expect([bo.saved, bo.only.stage]).toEqual([['holiday.png'], 'saved']);
    bo.files.dismiss(id);
    await settled();
    expect([bo.files.transfers, bo.dropped, bo.consents.kept]).toEqual([[], [id], []]);
  });

  it('offers to everybody who is here or will be back, and to nobody who left', async () => {
    const ada = new Page();
    expect(ada.files.offer([file('a', 1)])).toBe('nobody');
    ada.files.attach(BO, 'Bo', ada.port());
    ada.files.attach(person(3), 'Cy', ada.port());
    ada.files.attach(person(4), 'Di', ada.port());
    ada.files.detach(BO);
    ada.files.leave(person(4));
    expect(ada.files.offer([file('../a:b.txt', 1)])).toBe('offered');
    expect(ada.files.transfers.map(({ personName, name }) => [personName, name])).toEqual([
      ['Bo', 'a_b.txt'],
      ['Cy', 'a_b.txt'],
    ]);
    expect(ada.talked).toHaveLength(1);
    ada.files.attach(BO, 'Bo', ada.port());
    expect(ada.talked).toHaveLength(2);
  });

  it('holds as many open offers as the other side looks at', () => {
    const ada = new Page();
    ada.files.attach(BO, 'Bo', ada.port());
    const many = Array.from({ length: MAX_OPEN_OFFERS + 1 }, (_, i) => file(`${i}`, 1));
    expect(ada.files.offer(many)).toBe('too-many');
    expect(ada.files.transfers).toHaveLength(MAX_OPEN_OFFERS);
  });

  it('shows no speed of a pause, and begins anew after it', async () => {
    const bo = await receiver();
    bo.files.receive(ADA, offerOf(id, 100 * FILE_CHUNK_BYTES));
    bo.files.accept(id);
    await settled();
    const stored = (nowMs: number, records: number): number | null => {
      bo.nowMs = nowMs;
      bo.files.fileEvent({ type: 'file-progress', file: id, records });
      return bo.only.bytesPerSecond;
    };
    expect(stored(2000, 16)).toBe(16 * FILE_CHUNK_BYTES);
    bo.files.pause(id);
    expect(bo.only).toMatchObject({ stage: 'paused', pausedByMe: true, bytesPerSecond: null });
    bo.nowMs = 60_000;
    bo.files.resume(id);
    expect(bo.only).toMatchObject({ stage: 'receiving', bytesPerSecond: null });
    expect(stored(61_000, 48)).toBe(32 * FILE_CHUNK_BYTES);
    bo.files.detach(ADA);
    expect(bo.only).toMatchObject({ stage: 'interrupted', bytesPerSecond: null });
  });

  it('goes on after a reload with what was accepted before', async () => {
    const first = await receiver();
    first.files.receive(ADA, offerOf(id));
    first.files.accept(id);
    const again = new Page(first.consents);
    again.room = Promise.resolve(1);
    again.files.attach(ADA, 'Ada', again.port());
    // Before the consents are read; no question may come of it.
    again.files.receive(ADA, offerOf(id));
    await settled();
    expect(again.arrivals).toEqual([]);
    expect(again.talked).toEqual([{ kind: 'file-accept', file: id, from: 1 }]);
    expect(again.only).toMatchObject({ stage: 'receiving', personName: 'Ada', name: 'a.txt' });
  });

  it('asks again about everything when the consents cannot be read', async () => {
    const consents = new Consents();
    consents.list = () => Promise.reject(new ParleyError('vault/unreadable'));
    const bo = await receiver(consents);
    bo.files.receive(ADA, offerOf(id));
    expect([bo.only.stage, bo.faults]).toEqual(['asked', [new ParleyError('vault/unreadable')]]);
  });

  it('ends what there is no room for, and keeps what a lost connection interrupted', async () => {
    const bo = await receiver();
    bo.room = Promise.reject(new ParleyError('file/no-room'));
    bo.files.receive(ADA, offerOf(id));
    bo.files.accept(id);
    await settled();
    expect(bo.only).toMatchObject({ stage: 'ended', reason: 'no-room', endedBy: 'me' });
    expect(bo.talked).toEqual([{ kind: 'file-end', file: id, reason: 'no-room' }]);

    const other = randomId<FileId>();
    bo.room = Promise.reject(new ParleyError('internal/fault'));
    bo.files.receive(ADA, offerOf(other));
    bo.files.accept(other);
    await settled();
    expect(bo.files.transfers.at(-1)).toMatchObject({ id: other, stage: 'interrupted' });
    expect(bo.dropped).toEqual([id]);
  });

  it('takes an answer about room for the connection that asked', async () => {
    const bo = await receiver();
    let answer = (_from: number): void => undefined;
    bo.room = new Promise((resolve) => (answer = resolve));
    bo.files.receive(ADA, offerOf(id));
    bo.files.accept(id);
    bo.files.attach(ADA, 'Ada', bo.port());
    bo.room = new Promise(() => undefined);
    bo.files.receive(ADA, offerOf(id));
    answer(0);
    await settled();
    expect([bo.only.stage, bo.talked]).toEqual(['preparing', []]);
  });

  it('says that a received file is lost when it cannot be read', async () => {
    const bo = await receiver();
    bo.files.receive(ADA, offerOf(id));
    bo.files.accept(id);
    await settled();
    bo.files.fileEvent({ type: 'file-received', file: id });
    await bo.files.save(id);
    expect(bo.only).toMatchObject({ stage: 'ended', reason: 'unreadable' });
    expect([bo.saved, bo.faults]).toEqual([[], [new ParleyError('file/unreadable')]]);
  });

  it('previews a picture by its bytes, once, and revokes its URL', async () => {
    const revoke = vi.spyOn(URL, 'revokeObjectURL');
    const bo = await receiver();
    bo.stored = new Blob([PNG]);
    bo.files.receive(ADA, offerOf(id));
    expect(await bo.files.preview(id)).toBeNull();
    bo.files.accept(id);
    await settled();
    bo.files.fileEvent({ type: 'file-received', file: id });
    const url = await bo.files.preview(id);
    expect(url).toMatch(/^blob:/);
    expect(await bo.files.preview(id)).toBe(url);
    bo.files.destroy();
    expect(revoke).toHaveBeenCalledExactlyOnceWith(url);
    revoke.mockRestore();
  });

  describe('against a hostile other side', () => {
    it('declines unseen what is offered beyond the bound, and asks again once there is room', async () => {
      const bo = await receiver();
      for (let i = 0; i < MAX_OPEN_OFFERS; i++) bo.files.receive(ADA, offerOf(randomId<FileId>()));
      bo.files.receive(ADA, offerOf(id));
      expect(bo.files.transfers).toHaveLength(MAX_OPEN_OFFERS);
      expect(bo.talked).toEqual([{ kind: 'file-decline', file: id }]);
      bo.files.decline(bo.files.transfers[0]?.id ?? id);
      bo.files.receive(ADA, offerOf(id));
      expect(bo.files.transfers).toHaveLength(MAX_OPEN_OFFERS + 1);
    });

    it.each([
      ['another size', 99, 'a.txt'],
      ['another name', 100, 'b.txt'],
    ])('declines an accepted offer repeated with %s', async (_, size, name) => {
      const bo = await receiver();
      bo.files.receive(ADA, offerOf(id));
      bo.files.accept(id);
      await settled();
      bo.files.attach(ADA, 'Ada', bo.port());
      bo.talked.length = 0;
      bo.files.receive(ADA, offerOf(id, size, name));
      await settled();
      expect(bo.talked).toEqual([{ kind: 'file-decline', file: id }]);
      expect(bo.only).toMatchObject({ stage: 'interrupted', size: 100, name: 'a.txt' });
    });

    it('lets nobody touch the file of another person', async () => {
      const bo = await receiver();
      const eve = person(9);
      bo.files.attach(eve, 'Eve', bo.port());
      bo.files.receive(ADA, offerOf(id));
      bo.files.receive(eve, { kind: 'file-end', file: id, reason: 'cancelled' });
      bo.files.receive(eve, offerOf(id));
      expect(bo.only).toMatchObject({ stage: 'asked', personName: 'Ada' });
      expect(bo.talked).toEqual([{ kind: 'file-decline', file: id }]);
    });

    it('ignores what names no file, and leaves to others what is not its own', async () => {
      const bo = await receiver();
      expect(bo.files.receive(ADA, { kind: 'file-accept', file: id, from: 0 })).toBe(true);
      expect(bo.files.receive(ADA, { kind: 'typing', isTyping: true })).toBe(false);
      expect(bo.files.receive(person(9), offerOf(id))).toBe(false);
      bo.files.fileEvent({ type: 'file-received', file: id });
      expect(bo.files.transfers).toEqual([]);
    });

    it('forgets the oldest of a flood of withdrawn offers', async () => {
      const bo = await receiver();
      for (let i = 0; i < 600; i++) {
        const each = randomId<FileId>();
        bo.files.receive(ADA, offerOf(each));
        bo.files.receive(ADA, { kind: 'file-end', file: each, reason: 'cancelled' });
      }
      expect(bo.files.transfers.length).toBeLessThan(510);
    });
  });
});
