import type { TRPC_ERROR_CODE_KEY, TRPCError } from '@trpc/server';
import type { WireCode } from '../lib/protocol/errors';
import type { MeetingId } from '../lib/protocol/ids';
import { inputs, type ServerEvent } from '../lib/protocol/signaling';
import type { Log, LogEvent } from './log';
import type { Member } from './presence';
import { Refusal } from './refusal';

/** How a call ended: well, or with the code that the client was given. */
export type Outcome = 'ok' | WireCode | TRPC_ERROR_CODE_KEY;

/** The calls there are. Whatever else a client asks for is counted as one thing, because it chose the name. */
export const CALLS: ReadonlySet<string> = new Set([...Object.keys(inputs), 'connect', 'serverInfo', 'beat']);

/** How many there are at this moment. */
export type Levels = {
  readonly sockets: number;
  readonly streams: number;
  readonly sessions: number;
  readonly meetings: number;
  readonly watches: number;
};

/** What the server counts: never who, never which (decision 0014). */
export type Metrics = {
  call(name: string, outcome: Outcome): void;
  event(event: LogEvent): void;
  fault(): void;
  relayed(bytes: number): void;
  /** How long guests wait for the host's first envelope: one knocked, and a host is there to hear it. */
  knocked(guest: Member, id: MeetingId): void;
  left(guest: Member, id: MeetingId): void;
  /** Everything that anybody is sent. */
  sent(to: Member, event: ServerEvent): void;
  /** Read when somebody asks, and only then. */
  levels(read: () => Levels): void;
};

const nothing = (): void => undefined;

export const NO_METRICS: Metrics = {
  call: nothing,
  event: nothing,
  fault: nothing,
  relayed: nothing,
  knocked: nothing,
  left: nothing,
  sent: nothing,
  levels: nothing,
};

/** What a call that failed is counted as. */
export const outcomeOf = (error: TRPCError): Outcome => (error instanceof Refusal ? error.wire : error.code);

/** The log, with everything in it counted, also where nothing is written down. */
export function countingLog(log: Log, metrics: Metrics): Log {
  return {
    mode: log.mode,
    event(event, address) {
      metrics.event(event);
      log.event(event, address);
    },
    fault(thrown) {
      metrics.fault();
      log.fault(thrown);
    },
  };
}
