import { ParleyError } from '../protocol/errors';
import type {
  Calls,
  CallName,
  ChannelHandle,
  Command,
  ConnectionTag,
  TransformOptions,
  WorkerEvent,
} from './messages';
import type { FileId } from '../protocol/ids';
import { shuttle } from './shuttle';
import workerUrl from './session.worker.ts?worker&url';

/** The policy that the content security policy names makes this one script address, and no other. */
const WORKER_SCRIPT = trustedScript(workerUrl);

type Pending = { resolve: (output: never) => void; reject: (error: ParleyError) => void };

/** Events that are not answers to a call. */
export type SessionEvent = Exclude<WorkerEvent, { type: 'answer' | 'failure' }>;

/** The only door to the session worker. */
export class SessionClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #channels = 0;
  #canTransferChannels = true;

  constructor(onEvent: (event: SessionEvent) => void) {
    this.#worker = new Worker(WORKER_SCRIPT, { type: 'module', name: 'session' });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerEvent>) => {
      if (data.type !== 'answer' && data.type !== 'failure') return onEvent(data);
      const pending = this.#pending.get(data.number);
      this.#pending.delete(data.number);
      if (data.type === 'answer') pending?.resolve(data.output as never);
      else pending?.reject(new ParleyError(data.code));
    };
    this.#worker.onerror = () => {
      for (const { reject } of this.#pending.values()) reject(new ParleyError('internal/fault'));
      this.#pending.clear();
    };
  }

  post(command: Command, transfer: Transferable[] = []): void {
    this.#worker.postMessage(command, transfer);
  }

  call<N extends CallName>(name: N, input: Calls[N]['input']): Promise<Calls[N]['output']> {
    const number = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      this.post({
        type: 'call',
        number,
        call: { name, ...input } as Extract<Command, { type: 'call' }>['call'],
      });
    });
  }

  /** Hands a talk channel over, in the task that made it; the answer names it in `described`. */
  giveTalkChannel(channel: RTCDataChannel): number {
    const number = ++this.#channels;
    this.#give(channel, (handle) => ({ type: 'talk-channel', channel: number, handle }));
    return number;
  }

  /** The same for a file's channel. */
  giveFileChannel(connection: ConnectionTag, file: FileId | null, channel: RTCDataChannel): void {
    this.#give(channel, (handle) => ({ type: 'file-channel', connection, file, handle }));
  }

  /** This browser can seal pictures and sound (section 9). */
  static get canSealMedia(): boolean {
    return 'RTCRtpScriptTransform' in globalThis;
  }

  /** What a sender or receiver is given so that its frames pass through the worker. */
  mediaTransform(options: TransformOptions): RTCRtpScriptTransform {
    return new RTCRtpScriptTransform(this.#worker, options);
  }

  /** Ends the worker once the last words are out. */
  close(): void {
    const end = () => this.#worker.terminate();
    this.call('shut-down', {}).then(end, end);
  }

  #give(channel: RTCDataChannel, command: (handle: ChannelHandle) => Command): void {
    if (this.#canTransferChannels) {
      try {
        return this.#worker.postMessage(command(channel), [channel]);
      } catch (fault) {
        // Not every browser can; nothing was sent, and the bytes are shuttled instead, sealed in the worker as before.
        if (!(fault instanceof DOMException || fault instanceof TypeError)) throw fault;
        this.#canTransferChannels = false;
      }
    }
    const port = shuttle(channel);
    this.post(command(port), [port]);
  }
}

function trustedScript(url: string): string {
  const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes;
  if (factory === undefined) return url;
  const policy = factory.createPolicy('parley-worker', {
    createScriptURL(text) {
      if (text !== workerUrl) throw new ParleyError('internal/fault');
      return text;
    },
  });
  // A TrustedScriptURL, which the DOM's types know only as text.
  return policy.createScriptURL(url) as unknown as string;
}

type TrustedTypesFactory = {
  createPolicy(
    name: string,
    rules: { createScriptURL: (text: string) => string },
  ): { createScriptURL(text: string): object };
};
