import { codeOf } from '../protocol/errors';
import { randomId, type FileId, type ParticipantId } from '../protocol/ids';
import { MAX_OPEN_OFFERS } from '../protocol/limits';
import type { TalkMessage } from '../protocol/message';
import { safeFileName } from '../protocol/text';
import type { AcceptedFiles } from './accepted-files';
import type { FileEvent, FilePort, FileStore } from './file-port';
import { restoreIncoming, startIncoming } from './incoming';
import { Job } from './job';
import type { Facts, FileTransfer } from './listing';
import { ObjectUrls } from './object-urls';
import { startOutgoing } from './outgoing';
import { asPicture } from './preview';
import { saveFile } from '../ui/save';
import type { FileMessage, Transfer, TransferEffect, TransferEvent } from './transfer';

type FilesOptions = {
  store: FileStore;
  accepted: AcceptedFiles;
  /** Milliseconds of any clock that only moves forward. */
  now: () => number;
  /** Somebody asks whether to send a file: for the sound and the title. */
  onArrival?: (transfer: FileTransfer) => void;
  /** What failed aside of any transfer, such as keeping a consent. */
  onFault?: (fault: unknown) => void;
  /** Gives a blob to the browser to download; answers its object URL. */
  save?: (contents: Blob, name: string) => string;
};

/** `too-many`: as many as may wait for an answer were offered, the rest were not. */
export type OfferResult = 'offered' | 'nobody' | 'too-many';

/** Finished transfers that are remembered to answer for; the oldest go first. */
const MAX_FINISHED = 500;

type Person = { name: string; port: FilePort | null; isAddressed: boolean };

type Heard = { participant: ParticipantId; message: FileMessage };

/** All files of one meeting, on their way in and out. A thin shell: `outgoing.ts` and `incoming.ts` decide. */
export class Files {
  readonly #options: Required<FilesOptions>;
  readonly #people = new Map<ParticipantId, Person>();
  readonly #jobs = new Map<FileId, Job>();
  readonly #urls = new ObjectUrls();
  readonly #previews = new Map<FileId, Promise<string | null>>();
  /** What was said before the kept consents were read; null from then on. */
  #early: Heard[] | null = [];
  #isRestoring = false;
  #isDestroyed = false;
  #transfers = $state.raw<readonly FileTransfer[]>([]);

  constructor(options: FilesOptions) {
    this.#options = {
      onArrival: () => undefined,
      onFault: (fault) => reportError(fault),
      save: saveFile,
      ...options,
    };
  }

  /** In the order in which they were offered. */
  get transfers(): readonly FileTransfer[] {
    return this.#transfers;
  }

  /** To everybody in the meeting, also to those who are just being reconnected. */
  offer(files: readonly File[]): OfferResult {
    const addressed = [...this.#people].filter(([, { isAddressed }]) => isAddressed);
    let result: OfferResult = addressed.length === 0 ? 'nobody' : 'offered';
    for (const [participant, person] of addressed) {
      for (const file of files) {
        if (this.#openOffers(participant, 'offered') < MAX_OPEN_OFFERS)
          this.#offer(participant, person, file);
        else result = 'too-many';
      }
    }
    return result;
  }

  accept(id: FileId): void {
    this.#step(id, { type: 'accept' });
  }
  decline(id: FileId): void {
    this.#step(id, { type: 'decline' });
  }
  pause(id: FileId): void {
    this.#step(id, { type: 'pause', isPaused: true });
  }
  resume(id: FileId): void {
    this.#step(id, { type: 'pause', isPaused: false });
  }
  cancel(id: FileId): void {
    this.#step(id, { type: 'cancel' });
  }

  /** Of a file that arrived whole. */
  contents(id: FileId): Promise<Blob | null> {
    return this.#jobs.get(id)?.state.stage === 'received' ? this.#read(id) : Promise.resolve(null);
  }

  /** Starts the browser's download. The file stays here until it is dismissed. */
  async save(id: FileId): Promise<void> {
    const job = this.#jobs.get(id);
    if (job?.state.stage !== 'received') return;
    const contents = await this.#read(id);
    if (contents === null || this.#isDestroyed) return;
    this.#urls.add(id, this.#options.save(contents, job.facts.name));
    this.#step(id, { type: 'saved' });
  }

  /** An object URL to show a received picture from, or null if it is none or is too large. */
  preview(id: FileId): Promise<string | null> {
    const job = this.#jobs.get(id);
    if (job?.state.stage !== 'received' || job.isDismissed) return Promise.resolve(null);
    const preview = this.#previews.get(id) ?? this.#makePreview(id);
    this.#previews.set(id, preview);
    return preview;
  }

  /** Takes a finished transfer off the list, and a received file off this device. */
  dismiss(id: FileId): void {
    const job = this.#jobs.get(id);
    if (job === undefined || !job.isFinished) return;
    job.isDismissed = true;
    this.#urls.revoke(id);
    this.#previews.delete(id);
    if (job.state.stage === 'received') this.#run(id, job, { type: 'drop' });
    this.#publish();
  }

  /** A connection to this person is open, the first or another one. */
  attach(participant: ParticipantId, name: string, port: FilePort): void {
    this.detach(participant);
    this.#people.set(participant, { name, port, isAddressed: true });
    for (const job of this.#jobsWith(participant)) {
      job.setPersonName(name);
      this.#step(job.facts.id, { type: 'connected' });
    }
    this.#publish();
    // Not earlier: until somebody is here the vault may not be open.
    if (!this.#isRestoring) void this.#restore();
  }

  /** The connection is gone; what was under way waits for the next one. */
  detach(participant: ParticipantId): void {
    const person = this.#people.get(participant);
    if (person === undefined || person.port === null) return;
    this.#early = this.#early?.filter((heard) => heard.participant !== participant) ?? null;
    for (const job of this.#jobsWith(participant)) this.#step(job.facts.id, { type: 'disconnected' });
    person.port = null;
  }

  /** The person left the meeting: new files are not offered to them. What they were offered goes on if they return. */
  leave(participant: ParticipantId): void {
    this.detach(participant);
    const person = this.#people.get(participant);
    if (person !== undefined) person.isAddressed = false;
  }

  /** @returns false if the message is none of files'. */
  receive(participant: ParticipantId, message: TalkMessage): boolean {
    const person = this.#people.get(participant);
    if (!isFileMessage(message) || person === undefined || person.port === null) return false;
    if (this.#early === null) this.#hear({ participant, message });
    else this.#early.push({ participant, message });
    return true;
  }

  fileEvent(event: FileEvent): void {
    switch (event.type) {
      case 'file-progress':
        return this.#step(event.file, { type: 'stored', records: event.records, nowMs: this.#options.now() });
      case 'file-received':
        return this.#step(event.file, { type: 'received' });
      case 'file-failed':
        return this.#step(event.file, { type: 'failed', reason: event.reason });
    }
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#urls.revokeAll();
    this.#people.clear();
  }

  async #restore(): Promise<void> {
    this.#isRestoring = true;
    const kept = await this.#options.accepted.list().catch((fault: unknown) => {
      // Without the list every offer is asked about once more.
      this.#options.onFault(fault);
      return [];
    });
    for (const { file, size, name, mediaType, participant, isWhole } of kept) {
      if (this.#jobs.has(file)) continue;
      const personName = this.#people.get(participant)?.name ?? '';
      const facts = { id: file, participant, personName, name, size, mediaType };
      this.#add(facts, restoreIncoming(file, size, isWhole), null);
    }
    const early = this.#early ?? [];
    this.#early = null;
    for (const heard of early) this.#hear(heard);
  }

  #hear({ participant, message }: Heard): void {
    const job = this.#jobs.get(message.file);
    if (message.kind === 'file-offer') this.#hearOffer(participant, message, job);
    // Nobody moves a file that is another person's.
    else if (job?.facts.participant === participant) this.#step(message.file, { type: 'heard', message });
  }

  #hearOffer(
    participant: ParticipantId,
    message: Extract<FileMessage, { kind: 'file-offer' }>,
    job: Job | undefined,
  ): void {
    const { file, size, name, mediaType } = message;
    const person = this.#people.get(participant);
    if (job === undefined && this.#openOffers(participant, 'asked') < MAX_OPEN_OFFERS) {
      const facts = { id: file, participant, personName: person?.name ?? '', name, size, mediaType };
      const transfer = this.#add(facts, startIncoming(file, size), null);
      this.#options.onArrival(transfer);
      return;
    }
    const isSameFile =
      job?.state.direction === 'in' &&
      job.facts.participant === participant &&
      job.facts.size === size &&
      job.facts.name === name;
    // Consent was for this person's file of this name and size and no other.
    if (isSameFile) this.#step(file, { type: 'heard', message });
    else person?.port?.talk({ kind: 'file-decline', file });
  }

  #offer(participant: ParticipantId, person: Person, source: File): void {
    const id = randomId<FileId>();
    const { size, type: mediaType } = source;
    const facts = {
      id,
      participant,
      personName: person.name,
      name: safeFileName(source.name),
      size,
      mediaType,
    };
    this.#add(facts, startOutgoing(id, size), source);
    if (person.port !== null) this.#step(id, { type: 'connected' });
  }

  #add(facts: Facts, state: Transfer, source: File | null): FileTransfer {
    const job = new Job(facts, state, source);
    this.#jobs.set(facts.id, job);
    const finished = [...this.#jobs].filter(([, one]) => one.state.stage === 'ended' || one.isDismissed);
    for (const [id] of finished.slice(0, Math.max(0, finished.length - MAX_FINISHED))) this.#jobs.delete(id);
    this.#publish();
    return job.shown;
  }

  #step(id: FileId, event: TransferEvent): void {
    const job = this.#jobs.get(id);
    if (job === undefined || this.#isDestroyed) return;
    const { shown } = job;
    for (const effect of job.step(event, this.#options.now())) this.#run(id, job, effect);
    if (job.shown !== shown) this.#publish();
  }

  #run(id: FileId, job: Job, effect: TransferEffect): void {
    const { participant, name, size, mediaType } = job.facts;
    const port = this.#people.get(participant)?.port ?? null;
    switch (effect.type) {
      case 'offer':
        return port?.talk({ kind: 'file-offer', file: id, size, name, mediaType });
      case 'talk':
        return port?.talk(effect.message);
      case 'send':
        return job.source === null ? undefined : port?.send(id, job.source, effect.from);
      case 'move-window':
        return port?.moveWindow(id, effect.records);
      case 'pause':
        return port?.pause(id, effect.isPaused);
      case 'stop':
        return port?.stop(id);
      case 'prepare':
        if (port !== null) void this.#prepare(id, size, participant, port);
        return;
      case 'remember': {
        const { isWhole } = effect;
        return this.#keep(
          this.#options.accepted.add({ file: id, size, name, mediaType, participant, isWhole }),
        );
      }
      case 'drop':
        this.#options.store.drop(id);
        return this.#keep(this.#options.accepted.remove(id));
    }
  }

  async #prepare(id: FileId, size: number, participant: ParticipantId, port: FilePort): Promise<void> {
    const event = await port.receive(id, size).then(
      (from): TransferEvent => ({ type: 'prepared', from }),
      (fault: unknown): TransferEvent => {
        const code = codeOf(fault);
        if (code === 'file/no-room') return { type: 'failed', reason: 'no-room' };
        if (code === 'file/write-failed') return { type: 'failed', reason: 'write-failed' };
        // Not the file's fault, so what is stored stays for the next connection.
        this.#options.onFault(fault);
        return { type: 'disconnected' };
      },
    );
    // An answer for an earlier connection says nothing about this one.
    if (this.#people.get(participant)?.port === port) this.#step(id, event);
  }

  async #read(id: FileId): Promise<Blob | null> {
    try {
      return await this.#options.store.read(id);
    } catch (fault) {
      this.#options.onFault(fault);
      this.#step(id, { type: 'failed', reason: 'unreadable' });
      return null;
    }
  }

  async #makePreview(id: FileId): Promise<string | null> {
    const contents = await this.#read(id);
    const picture = contents === null ? null : await asPicture(contents);
    const isWanted = !this.#isDestroyed && this.#jobs.get(id)?.isDismissed === false;
    return picture === null || !isWanted ? null : this.#urls.add(id, URL.createObjectURL(picture));
  }

  #keep(written: Promise<void>): void {
    written.catch((fault: unknown) => this.#options.onFault(fault));
  }

  #jobsWith(participant: ParticipantId): Job[] {
    return [...this.#jobs.values()].filter(({ facts }) => facts.participant === participant);
  }

  #openOffers(participant: ParticipantId, stage: Transfer['stage']): number {
    return this.#jobsWith(participant).filter(({ state }) => state.stage === stage).length;
  }

  #publish(): void {
    const listed = [...this.#jobs.values()].filter(({ isDismissed }) => !isDismissed);
    this.#transfers = listed.map(({ shown }) => shown);
  }
}

function isFileMessage(message: TalkMessage): message is FileMessage {
  return 'file' in message;
}
