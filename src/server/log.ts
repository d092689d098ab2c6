import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { prefixOf } from './address';
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

/** Written at once: a line that waited in memory would be lost with the crash it explains. */
export function createLog(
  mode: LogMode,
  stream: DestinationStream = destination({ dest: 1, sync: true }),
): Log {
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
  const frame = thrown.stack?.split('\n').find((line) => line.startsWith('    at ')) ?? '';
  return { name: code, at: frame.trim() };
}
