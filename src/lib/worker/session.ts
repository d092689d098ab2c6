import { decodeEnvelope, encodeEnvelope } from '../protocol/envelope';
import type { Bytes } from '../protocol/bytes';
import { codeOf, ParleyError, type WireCode } from '../protocol/errors';
import { NO_POLICY, type Policy } from '../protocol/handshake';
import type { PeerId } from '../protocol/ids';
import { HANDSHAKE_TIMEOUT_MS, MAX_HALF_OPEN } from '../protocol/limits';
import { prepareEphemerals, type Ephemerals, type Initiator } from '../crypto/handshake';
import { byteChannel, type ByteChannel } from './byte-channel';
import { Connection, greetHost } from './connection';
import { FileStore } from './file-store';
import { FileTransfers } from './file-transfers';
import { Media } from './media';
import { MeetingKeys } from './meeting-keys';
import type { Calls, CallName, Command, ConnectionTag, VaultPlace, WorkerEvent } from './messages';

/** Heartbeats and timeouts are looked at that often. */
const TICK_MS = 250;

/**
 * The session worker's mind: the keys of one meeting, its connections, its files. Commands come in, events go out;
 * no key does either.
 */
export class Session {
  readonly #emit: (event: WorkerEvent) => void;
  readonly #origin: string;
  readonly #files: FileTransfers;
  readonly #media: Media;
  readonly #connections = new Map<ConnectionTag, Connection>();
  /** Newcomers whose message 1 is being opened. */
  readonly #answering = new Set<ConnectionTag>();
  readonly #talkChannels = new Map<number, ByteChannel>();
  #keys: MeetingKeys | null = null;
  #ephemerals: Promise<Ephemerals> | null = null;
  /** Message 1, made before the person pressed Join. It belongs to one socket: the peer id is part of it. */
  #greeting: { ownPeer: PeerId; initiator: Promise<Initiator> } | null = null;
  /** What newcomers are answered with; `null` while this is no host that is present. */
  #hosting: { policy: Policy; relayOnly: boolean } | null = null;

  constructor(origin: string, emit: (event: WorkerEvent) => void) {
    this.#origin = origin;
    this.#emit = (event) => {
      if (event.type === 'closed') {
        this.#connections.delete(event.connection);
        this.#media.forget(event.connection);
      }
      emit(event);
    };
    this.#files = new FileTransfers(new FileStore(), this.#emit);
    this.#media = new Media((tag) => this.#connections.get(tag), this.#emit);
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** The frames of one sender or receiver of the page; its options are `TransformOptions`. */
  transform(transformer: RTCRtpScriptTransformer): void {
    void this.#media.run(transformer);
  }

  handle(command: Command): void {
    switch (command.type) {
      case 'call':
        return void this.#answer(command.number, command.call);
      case 'prepare':
        this.#ephemerals ??= prepareEphemerals();
        if (command.ownPeer !== null && this.#greeting?.ownPeer !== command.ownPeer) {
          this.#greeting = { ownPeer: command.ownPeer, initiator: this.#greet(command.ownPeer) };
        }
        return;
      case 'knock':
        return void this.#knock(command);
      case 'host':
        this.#hosting = { policy: command.policy, relayOnly: command.relayOnly };
        return;
      case 'envelope':
        return void this.#route(command.from, command.bytes);
      case 'described': {
        const channel = this.#talkChannels.get(command.channel);
        this.#talkChannels.delete(command.channel);
        const connection = this.#connections.get(command.connection);
        if (channel === undefined) return;
        if (connection === undefined) return channel.close();
        const policy = this.#hosting?.policy ?? NO_POLICY;
        return connection.described(command.description, channel, policy);
      }
      case 'admission':
        return this.#connections.get(command.connection)?.admit(command.admission);
      case 'negotiate':
        return this.#connections.get(command.connection)?.negotiate(command.message, command.overServer);
      case 'talk':
        return this.#connections.get(command.connection)?.talk?.send(command.message);
      case 'talk-channel':
        this.#talkChannels.set(command.channel, byteChannel(command.handle));
        return;
      case 'file-channel': {
        const channel = byteChannel(command.handle);
        const connection = this.#connections.get(command.connection);
        if (connection === undefined) return channel.close();
        return this.#files.adopt(channel, command.file, connection);
      }
      case 'send-file':
        return this.#files.send(command, this.#connections.get(command.connection));
      case 'file-window':
        return this.#files.moveWindow(command.file, command.records);
      case 'pause-file':
        return this.#files.pause(command.file, command.isPaused);
      case 'stop-file':
        return this.#files.stop(command.file);
      case 'drop-file':
        return void this.#files.drop(command.file);
      case 'check-paths':
        for (const connection of this.#connections.values()) connection.talk?.check();
        return;
    }
  }

  async #answer(number: number, call: { name: CallName } & Calls[CallName]['input']): Promise<void> {
    try {
      this.#emit({ type: 'answer', number, output: await this.#call(call as AnyCall) });
    } catch (fault) {
      this.#emit({ type: 'failure', number, code: codeOf(fault) });
    }
  }

  async #call(call: AnyCall): Promise<Calls[CallName]['output']> {
    switch (call.name) {
      case 'create-meeting': {
        this.#keys = await MeetingKeys.create();
        return this.#saved(this.#keys, call.vault);
      }
      case 'open-fragment': {
        this.#keys = await MeetingKeys.fromFragment(call.fragment);
        return { meetingId: this.#keys.id };
      }
      case 'seal-keys':
        return { sealedKeys: await this.#meeting().seal(call.vault) };
      case 'open-saved': {
        this.#keys = await MeetingKeys.fromVault(call.vault, call.sealedKeys);
        return { meetingId: this.#keys.id, fragment: await this.#keys.fragment() };
      }
      case 'new-secret': {
        this.#keys = await this.#meeting().renewed();
        return this.#saved(this.#keys, call.vault);
      }
      case 'make-lock':
      case 'open-lock':
      case 'open-passkey':
      case 'reseal':
        return (await import('./lock-jobs')).lockJob(call);
      case 'write-backup':
      case 'read-backup':
        return (await import('./backup-jobs')).backupJob(call);
      case 'drop-received':
        return (await import('./received-jobs')).dropReceived(call);
      case 'push-tag':
        return { tag: await this.#meeting().pushTag() };
      case 'sign-claim':
        return this.#meeting().signClaim(this.#origin, call.nonce);
      case 'sign-retire':
        return this.#meeting().signRetire(this.#origin, call.timeMs);
      case 'close-connection':
        await this.#connections.get(call.connection)?.finish();
        return null;
      case 'shut-down':
        await Promise.all([...this.#connections.values()].map((connection) => connection.finish()));
        return null;
      case 'receive-file': {
        const connection = this.#connections.get(call.connection);
        if (connection === undefined) throw new ParleyError('protocol/unexpected');
        return { from: await this.#files.receive(call.file, call.size, connection) };
      }
      case 'read-file':
        return { contents: await this.#files.read(call.file) };
    }
  }

  async #saved(keys: MeetingKeys, vault: VaultPlace): Promise<Calls['create-meeting']['output']> {
    const [fragment, sealedKeys] = await Promise.all([keys.fragment(), keys.seal(vault)]);
    return { meetingId: keys.id, fragment, sealedKeys };
  }

  async #knock(command: Extract<Command, { type: 'knock' }>): Promise<void> {
    const { connection: tag, ownPeer, participant, name, text, relayOnly } = command;
    const prepared = this.#greeting?.ownPeer === ownPeer ? this.#greeting.initiator : null;
    this.#greeting = null;
    try {
      const connection = Connection.knock(this.#surroundings(), {
        tag,
        initiator: await (prepared ?? this.#greet(ownPeer)),
        introduction: { participant, name, knockText: text },
        rules: { relayOnly },
      });
      this.#connections.set(tag, connection);
    } catch (fault) {
      this.#emit({ type: 'closed', connection: tag, code: codeOf(fault) });
    }
  }

  async #greet(ownPeer: PeerId): Promise<Initiator> {
    const ephemerals = await (this.#ephemerals ?? prepareEphemerals());
    this.#ephemerals = null;
    return greetHost(this.#meeting(), ownPeer, ephemerals);
  }

  async #route(from: PeerId | null, bytes: Bytes): Promise<void> {
    let envelope;
    try {
      envelope = decodeEnvelope(bytes);
    } catch (fault) {
      // The server or somebody behind it sent nonsense: nobody's connection is concerned.
      if (codeOf(fault) === 'protocol/malformed') return;
      throw fault;
    }
    const connection = this.#connections.get(envelope.tag);
    if (connection !== undefined) return connection.receive(envelope, from);
    if (envelope.kind === 'm1' && from !== null) await this.#answerKnock(envelope.tag, from, envelope.body);
  }

  async #answerKnock(tag: ConnectionTag, from: PeerId, m1: Bytes): Promise<void> {
    const hosting = this.#hosting;
    if (hosting === null || this.#keys?.host == null || this.#answering.has(tag)) return;
    const halfOpen = [...this.#connections.values()].filter((connection) => connection.isHalfOpen);
    // Counted before the first step that takes time: a hundred at once are as many as a hundred in turn.
    if (halfOpen.length + this.#answering.size >= MAX_HALF_OPEN)
      return this.#refuse(tag, from, 'rate-limited');
    this.#answering.add(tag);
    try {
      const { policy, relayOnly } = hosting;
      const setup = { tag, from, m1, policy, rules: { relayOnly } };
      const connection = await Connection.answer(this.#surroundings(), setup);
      this.#connections.set(tag, connection);
    } catch (fault) {
      if (codeOf(fault) !== 'crypto/open-failed') throw fault;
      // Another secret than this meeting's, most likely one of before "New link".
      this.#refuse(tag, from, 'replaced');
    } finally {
      this.#answering.delete(tag);
    }
  }

  #refuse(tag: ConnectionTag, to: PeerId, code: WireCode): void {
    this.#emit({ type: 'refuse', to, bytes: encodeEnvelope({ kind: 'refused', tag, code }) });
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#media.tick(nowMs);
    for (const connection of this.#connections.values()) {
      connection.talk?.tick();
      // A guest waits for the host as long as the person likes; a host keeps nobody's half-open handshake.
      if (
        this.#hosting !== null &&
        connection.isHalfOpen &&
        nowMs - connection.startedAtMs > HANDSHAKE_TIMEOUT_MS
      ) {
        connection.close();
      }
    }
  }

  #surroundings() {
    return { keys: this.#meeting(), origin: this.#origin, emit: this.#emit };
  }

  #meeting(): MeetingKeys {
    if (this.#keys === null) throw new ParleyError('protocol/unexpected');
    return this.#keys;
  }
}

type AnyCall = { [N in CallName]: { name: N } & Calls[N]['input'] }[CallName];
