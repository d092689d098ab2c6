import type { Bytes } from '../protocol/bytes';
import { ParleyError } from '../protocol/errors';
import type { MediaSource } from '../protocol/media';
import { FrameOpener, FrameSealer } from '../crypto/sframe';
import type { Connection } from './connection';
import type { ConnectionTag, TransformOptions, WorkerEvent } from './messages';

/** A page is told of frames that did not open at most that often, however many there are. */
const REPORT_MS = 1_000;
/** What a VP8 packetizer must be able to read: the frame header, and in a key frame the picture's size (RFC 7741 §4.3). */
const VP8_KEY_BYTES = 10;
const VP8_DELTA_BYTES = 3;

type Frame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;
/** `null`: it was here before. */
type Step = (frame: Bytes, clearBytes: number) => Promise<Bytes | null>;

/**
 * The pictures and sounds of all connections on their way through the worker (section 9). A frame that cannot be sealed or
 * opened goes nowhere; there is no way past this.
 */
export class Media {
  readonly #find: (tag: ConnectionTag) => Connection | undefined;
  readonly #emit: (event: WorkerEvent) => void;
  /** One for each source of a connection, however often the page asks: a counter never starts again under its key. */
  readonly #sealers = new WeakMap<Connection, Map<MediaSource, Promise<FrameSealer>>>();
  readonly #refused = new Map<ConnectionTag, { count: number; reported: number }>();
  #reportedAtMs = 0;

  constructor(find: (tag: ConnectionTag) => Connection | undefined, emit: (event: WorkerEvent) => void) {
    this.#find = find;
    this.#emit = emit;
  }

  /** Runs until the page's sender or receiver is gone. */
  async run(transformer: RTCRtpScriptTransformer): Promise<void> {
    const options = transformer.options as TransformOptions;
    const [reader, writer] = [transformer.readable.getReader(), transformer.writable.getWriter()];
    let step: Promise<Step> | null = null;
    try {
      // One after the other, by hand: two pipes and a stream between cost more than the cipher.
      for (;;) {
        const read = (await reader.read()) as ReadableStreamReadResult<Frame>;
        if (read.done) return;
        const frame = read.value;
        const bytes = new Uint8Array(frame.data);
        // Silence in some browsers: there is nothing in it, and nobody's attack.
        if (bytes.length === 0) continue;
        step ??= this.#stepOf(options);
        const next = await this.#pass(step, frame, bytes, options.connection);
        if (next === null) continue;
        frame.data = next.buffer;
        await writer.write(frame);
      }
    } catch (fault) {
      // The browser ends the streams with the connection, in whatever state they are.
      if (!(fault instanceof DOMException || fault instanceof TypeError)) throw fault;
    }
  }

  /** `null`: it goes nowhere. */
  async #pass(
    step: Promise<Step>,
    frame: Frame,
    bytes: Bytes,
    connection: ConnectionTag,
  ): Promise<Bytes | null> {
    try {
      const pass = await step;
      return await pass(bytes, clearBytesOf(frame, bytes));
    } catch (fault) {
      if (!(fault instanceof ParleyError)) throw fault;
      this.#refuse(connection);
      return null;
    }
  }

  /** Tells the page how many frames did not open, if there are more than it knows of. */
  tick(nowMs: number): void {
    if (nowMs - this.#reportedAtMs < REPORT_MS) return;
    this.#reportedAtMs = nowMs;
    for (const [connection, { count, reported }] of this.#refused) {
      if (count === reported) continue;
      this.#refused.set(connection, { count, reported: count });
      this.#emit({ type: 'frames-refused', connection, count });
    }
  }

  forget(connection: ConnectionTag): void {
    this.#refused.delete(connection);
  }

  async #stepOf({ connection: tag, direction, source }: TransformOptions): Promise<Step> {
    const connection = this.#find(tag);
    // Without a connection there is no key, and every frame is refused.
    if (connection === undefined) throw new ParleyError('protocol/unexpected');
    if (direction === 'receive') {
      const opener = new FrameOpener(await connection.mediaKey(false, source));
      return (frame, clearBytes) => opener.open(frame, clearBytes);
    }
    const sealer = await this.#sealerOf(connection, source);
    return (frame, clearBytes) => sealer.seal(frame, clearBytes);
  }

  #sealerOf(connection: Connection, source: MediaSource): Promise<FrameSealer> {
    const sealers = this.#sealers.get(connection) ?? new Map<MediaSource, Promise<FrameSealer>>();
    this.#sealers.set(connection, sealers);
    const sealer =
      sealers.get(source) ?? connection.mediaKey(true, source).then((key) => new FrameSealer(key));
    sealers.set(source, sealer);
    return sealer;
  }

  #refuse(tag: ConnectionTag): void {
    const { count, reported } = this.#refused.get(tag) ?? { count: 0, reported: 0 };
    this.#refused.set(tag, { count: count + 1, reported });
  }
}

/** Both ends read it from the same bytes, which stand in the clear on the wire and are sealed against change. */
function clearBytesOf(frame: Frame, bytes: Bytes): number {
  if (!('type' in frame)) return 0;
  const { mimeType } = frame.getMetadata() as { mimeType?: string };
  if (mimeType?.toLowerCase() !== 'video/vp8') return 0;
  // RFC 6386 section 9.1: the first bit is 0 in a key frame.
  const isKey = ((bytes[0] ?? 1) & 1) === 0;
  return Math.min(bytes.length, isKey ? VP8_KEY_BYTES : VP8_DELTA_BYTES);
}
