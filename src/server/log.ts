import { pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { prefixOf } from './address';
import { standardOutput } from './log-stream';
import type { LogMode } from './settings';

/** Everything the server ever notes. A code and an address: there is no parameter for anything else. */
export type LogEvent =
  | 'origin-refused'
  | 'connection-refused'
  | 'session-begun'
  | 'session-ended'
  | 'bad-message'
  | 'socket-closed'
  | 'rate-limited'
  | 'claimed'
  | 'claim-refused'
  | 'retired'
  | 'retire-refused'
  | 'push-failed'
  | 'push-refused'
  | 'push-dropped'
  | 'store-reached'
  | 'store-lost'
  | 'unavailable'
  | 'stopping';

export type Log = {
  readonly mode: LogMode;
  event(event: LogEvent, address: string | null): void;
  /** A fault of our own: its kind and place in our code. Messages of errors can quote input and are left out. */
  fault(thrown: unknown): void;
};

export function createLog(mode: LogMode, stream: DestinationStream = standardOutput()): Log {
  const logger = pino(
    { base: null, enabled: mode !== 'off', timestamp: stdTimeFunctions.isoTime, messageKey: 'event' },
    stream,
  );
  const shown = (address: string) => (mode === 'debug' ? address : prefixOf(address));
  return {
    mode,
    event: (event, address) => logger.info(address === null ? {} : { address: shown(address) }, event),
    fault(thrown) {
      const { name, at } = describe(thrown);
      logger.error({ name, at }, 'fault');
    },
  };
}

function describe(thrown: unknown): { name: string; at: string } {
  if (!(thrown instanceof Error)) return { name: typeof thrown, at: '' };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
  // The message stands there too, and a line that it quotes may look like one of ours.
  const frames = thrown.stack?.replace(thrown.message, () => '').split('\n') ?? [];
  const frame = frames.find((line) => line.startsWith('    at ')) ?? '';
  return { name: code, at: frame.trim() };
}
