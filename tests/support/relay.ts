import * as z from 'zod';
import { fromBase64url, toBase64url, type Bytes } from '../../src/lib/protocol/bytes';
import { decodeEnvelope } from '../../src/lib/protocol/envelope';
import { toId, type MeetingId, type PeerId } from '../../src/lib/protocol/ids';
import { serverEvent, type ServerEvent } from '../../src/lib/protocol/signaling';
import type { Middleman } from './middleman';
import { type Wire } from './middleman';

/** The messages of one handshake as the server can tell them apart: by kind, direction and number, not by content. */
export type Step = 'message 1' | 'message 2' | `record ${number} of the ${'guest' | 'host'}`;

/** An envelope on its last way, from the server to a browser; a relay decides what becomes of it. */
export type Carried = {
  meeting: MeetingId;
  step: Step;
  bytes: Bytes;
  /** Whose it is: the peer id of a guest, or `null` for the host. */
  sender: PeerId | null;
  /** To the browser it is for: this envelope, changed, another one, or none. */
  pass: (bytes: Bytes) => void;
  /** To the browser that it came from. */
  reflect: (bytes: Bytes) => void;
};

/** The fallback's event stream. */
export const STREAM = '/trpc/connect';

/** A browser's socket as the server knows it. */
type Client = {
  wire: Wire;
  stream: unknown;
  peer: PeerId | null;
  hosts: Set<MeetingId>;
  attends: Set<MeetingId>;
};

const call = z.object({
  id: z.unknown(),
  params: z.object({ path: z.string(), input: z.looseObject({}).optional() }),
});
const data = z.object({ id: z.unknown(), result: z.object({ type: z.literal('data'), data: serverEvent }) });

/** The real server with a liar in front of it: what an operator could do to a meeting's signaling. */
export class Relay {
  readonly #middleman: Middleman;
  readonly #clients = new Set<Client>();
  readonly #records = new Map<string, number>();
  #tampers = new Map<MeetingId, (carried: Carried) => void>();
  /** Changes the input of a call on its way to the server. */
  onCall: (path: string, input: Record<string, unknown>) => Record<string, unknown> = (_, input) => input;
  /** Changes an event on its way to a browser. */
  onEvent: (event: ServerEvent) => ServerEvent = (event) => event;

  constructor(middleman: Middleman) {
    this.#middleman = middleman;
    middleman.onWire = (wire) => this.#add(wire);
    // On a slow machine a client may give a socket up for the fallback, which nobody would be tampering with.
    middleman.refuses = (url) => url === STREAM;
  }

  get url(): string {
    return this.#middleman.url;
  }

  /** From now on envelopes of that meeting go through `tamper`; `null` makes the relay honest again. */
  tamper(meeting: MeetingId, tamper: ((carried: Carried) => void) | null): void {
    if (tamper === null) this.#tampers.delete(meeting);
    else this.#tampers.set(meeting, tamper);
  }

  /** An event that the server never sent, to everybody at the meeting. */
  say(meeting: MeetingId, event: unknown): void {
    for (const client of this.#at(meeting)) this.#tell(client, event);
  }

  /** A frame that is perhaps none, to everybody at the meeting. */
  shout(meeting: MeetingId, text: string): void {
    for (const client of this.#at(meeting)) client.wire.toBrowser(text);
  }

  close(): Promise<void> {
    return this.#middleman.close();
  }

  #add(wire: Wire): void {
    const client: Client = { wire, stream: null, peer: null, hosts: new Set(), attends: new Set() };
    this.#clients.add(client);
    void wire.closed.then(() => this.#clients.delete(client));
    wire.fromBrowser = (text) => wire.toServer(this.#called(client, text));
    wire.fromServer = (text) => this.#told(client, text);
  }

  #called(client: Client, text: string): string {
    const frame = json(text);
    const calls: unknown[] = Array.isArray(frame) ? frame : [frame];
    const changed = calls.map((one) => {
      const parsed = call.safeParse(one);
      if (!parsed.success) return one;
      const { path, input } = parsed.data.params;
      if (path === 'connect') client.stream = parsed.data.id;
      if (input === undefined) return one;
      if (path === 'claim') client.hosts.add(input['id'] as MeetingId);
      if (path === 'knock') client.attends.add(input['id'] as MeetingId);
      const params = { path, input: this.onCall(path, input) };
      return { ...(one as object), params };
    });
    return frame === null ? text : JSON.stringify(Array.isArray(frame) ? changed : changed[0]);
  }

  #told(client: Client, text: string): void {
    const parsed = data.safeParse(json(text));
    if (!parsed.success) return client.wire.toBrowser(text);
    const event = this.onEvent(parsed.data.result.data);
    if (event.type === 'hello') client.peer = event.peer;
    const isCarried = (event.type === 'knock' || event.type === 'relay') && event.envelope !== null;
    const tamper = isCarried ? this.#tampers.get(event.id) : undefined;
    if (!isCarried || tamper === undefined) return this.#tell(client, event);

    const toHost = event.type === 'knock' || event.from !== null;
    const bytes = fromBase64url(event.envelope ?? '');
    tamper({
      meeting: event.id,
      step: this.#stepOf(bytes, toHost),
      bytes,
      sender: event.type === 'knock' ? event.peer : event.type === 'relay' ? event.from : null,
      pass: (other) => this.#tell(client, { ...event, envelope: toBase64url(other) }),
      reflect: (other) => this.#reflect(client, event, toHost, other),
    });
  }

  #reflect(client: Client, event: ServerEvent & { id: MeetingId }, toHost: boolean, bytes: Bytes): void {
    const peer = event.type === 'knock' ? event.peer : event.type === 'relay' ? event.from : null;
    const sender = [...this.#clients].find((one) => (toHost ? one.peer === peer : one.hosts.has(event.id)));
    const from = toHost ? null : client.peer;
    if (sender !== undefined)
      this.#tell(sender, { type: 'relay', id: event.id, from, envelope: toBase64url(bytes) });
  }

  #at(meeting: MeetingId): Client[] {
    return [...this.#clients].filter(({ hosts, attends }) => hosts.has(meeting) || attends.has(meeting));
  }

  #tell(client: Client, event: unknown): void {
    client.wire.toBrowser(JSON.stringify({ id: client.stream, result: { type: 'data', data: event } }));
  }

  #stepOf(bytes: Bytes, toHost: boolean): Step {
    const { kind, tag } = decodeEnvelope(bytes);
    if (kind === 'm1') return 'message 1';
    if (kind !== 'record') return 'message 2';
    const sender = toHost ? 'guest' : 'host';
    const number = this.#records.get(tag + sender) ?? 0;
    this.#records.set(tag + sender, number + 1);
    return `record ${number} of the ${sender}`;
  }
}

/** The id in a link: bytes 1 to 16 of its fragment (section 1). */
export function meetingOf(link: string): MeetingId {
  return toId<MeetingId>(fromBase64url(link.slice(link.indexOf('#') + 1)).slice(1, 17));
}

function json(text: string): unknown {
  // tRPC's own keep-alive is no JSON.
  return text === 'PING' || text === 'PONG' ? null : JSON.parse(text);
}
