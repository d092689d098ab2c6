import { fromBase64url, type Bytes } from '../../src/lib/protocol/bytes';
import { NO_POLICY, type Policy } from '../../src/lib/protocol/handshake';
import { randomId, type ParticipantId, type PeerId, type VaultId } from '../../src/lib/protocol/ids';
import { createDataKey } from '../../src/lib/crypto/sealed-record';
import type { ShuttleDown, ShuttleUp } from '../../src/lib/worker/byte-channel';
import type { Calls, CallName, Command, ConnectionTag, WorkerEvent } from '../../src/lib/worker/messages';
import { Session } from '../../src/lib/worker/session';
import { description } from './connection-pair';
import { EventLog } from './event-log';

export const ORIGIN = 'https://meet.example';

/** A session worker's mind without its worker, and the page's end of what it says. */
export class SessionPage {
  readonly heard = new EventLog<WorkerEvent>();
  readonly session: Session;
  readonly #vault: Promise<Calls['create-meeting']['input']['vault']>;
  #calls = 0;

  constructor(onEvent: (event: WorkerEvent) => void = () => undefined) {
    this.session = new Session(ORIGIN, (event) => {
      this.heard.add(event);
      // As late as a message from a worker.
      setImmediate(() => onEvent(event));
    });
    this.#vault = createDataKey().then((dataKey) => ({ dataKey, vaultId: randomId<VaultId>() }));
  }

  async call<N extends CallName>(name: N, input: Calls[N]['input']): Promise<Calls[N]['output']> {
    const number = ++this.#calls;
    this.session.handle({ type: 'call', number, call: { name, ...input } as never });
    const answers = () => [...this.heard.of('answer'), ...this.heard.of('failure')];
    for (;;) {
      const answer = answers().find((one) => one.number === number);
      if (answer?.type === 'failure') throw new Error(answer.code);
      if (answer !== undefined) return answer.output;
      await this.heard.change();
    }
  }

  async createMeeting(policy: Partial<Policy> = {}): Promise<string> {
    const { fragment } = await this.call('create-meeting', { vault: await this.#vault });
    const whole = { ...NO_POLICY, ...policy };
    this.session.handle({ type: 'host', policy: whole, relayOnly: whole.relayOnly });
    return fragment;
  }

  async openLink(fragment: string): Promise<void> {
    await this.call('open-fragment', { fragment });
  }

  receive(from: PeerId | null, bytes: Bytes): void {
    this.session.handle({ type: 'envelope', from, bytes });
  }

  post(command: Command): void {
    this.session.handle(command);
  }
}

/** A data channel between two pages, each of which hands its end to its session over a port. */
function talkChannel(): { ports: readonly [MessagePort, MessagePort]; open: () => void; close: () => void } {
  const [a, b] = [new MessageChannel(), new MessageChannel()];
  const up = (port: MessagePort, message: ShuttleUp) => port.postMessage(message);
  const close = () => {
    for (const { port1 } of [a, b]) up(port1, { type: 'closed' });
  };
  const join = (here: MessagePort, there: MessagePort) => {
    here.onmessage = ({ data }: MessageEvent<ShuttleDown>) => {
      if (data.type === 'send') up(there, { type: 'message', bytes: data.bytes });
      if (data.type === 'close') close();
    };
  };
  join(a.port1, b.port1);
  join(b.port1, a.port1);
  const open = () => {
    for (const { port1 } of [a, b]) up(port1, { type: 'opened' });
  };
  return { ports: [a.port2, b.port2], open, close };
}

/** A host's and a guest's session of one meeting, with an honest server and a channel that opens. */
export class SessionPair {
  readonly tag: ConnectionTag = '00112233445566aa';
  readonly guestPeer = randomId<PeerId>();
  readonly host: SessionPage;
  readonly guest: SessionPage;
  readonly #channel = talkChannel();

  constructor() {
    this.host = new SessionPage((event) => {
      if (event.type === 'envelope') this.guest.receive(null, event.bytes);
      if (event.type === 'knocked') this.#describe(this.host, 'offer');
      if (event.type === 'arrived') {
        const admission = { status: 'admit' as const, name: 'Harald' };
        this.host.post({ type: 'admission', connection: this.tag, admission });
      }
    });
    this.guest = new SessionPage((event) => {
      if (event.type === 'envelope') this.host.receive(this.guestPeer, event.bytes);
      if (event.type === 'negotiation') this.#describe(this.guest, 'answer');
    });
    this.host.post({ type: 'talk-channel', channel: 1, handle: this.#channel.ports[0] });
    this.guest.post({ type: 'talk-channel', channel: 1, handle: this.#channel.ports[1] });
  }

  async open(): Promise<void> {
    await this.guest.openLink(await this.host.createMeeting());
    const participant = randomId<ParticipantId>();
    const { tag: connection, guestPeer: ownPeer } = this;
    this.guest.post({
      type: 'knock',
      connection,
      ownPeer,
      participant,
      name: 'Gerda',
      text: '',
      relayOnly: false,
    });
    await Promise.all([this.guest.heard.first('open'), this.host.heard.first('open')]);
  }

  /** The signed notice as the host's page sends it, with `changes`. */
  async retire(changes: { timeMs?: number; signature?: Bytes } = {}): Promise<void> {
    const timeMs = 1_700_000_000_000;
    const proof = await this.host.call('sign-retire', { timeMs });
    const [publicKey, signature] = [fromBase64url(proof.publicKey), fromBase64url(proof.signature)];
    const message = { kind: 'retired' as const, publicKey, timeMs, signature, ...changes };
    this.host.post({ type: 'talk', connection: this.tag, message });
    this.host.post({ type: 'talk', connection: this.tag, message: { kind: 'bye', code: null } });
  }

  #describe(page: SessionPage, type: 'offer' | 'answer'): void {
    const own = description(type, type === 'offer' ? 0x22 : 0x11);
    page.post({ type: 'described', connection: this.tag, description: own, channel: 1 });
    if (type === 'answer') this.#channel.open();
  }
}
