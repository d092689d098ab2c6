import { TRPCError, type TRPC_ERROR_CODE_KEY } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { WireCode } from '../lib/protocol/errors';

/** The wire codes this server says; the others are between peers (section 13). */
const CODE_OF = {
  'not-found': 'NOT_FOUND',
  retired: 'NOT_FOUND',
  full: 'CONFLICT',
  denied: 'FORBIDDEN',
  'rate-limited': 'TOO_MANY_REQUESTS',
  unavailable: 'SERVICE_UNAVAILABLE',
} as const satisfies Partial<Record<WireCode, TRPC_ERROR_CODE_KEY>>;

/** The server understood the call and will not do it. */
export class Refusal extends TRPCError {
  readonly wire: WireCode;
  constructor(wire: keyof typeof CODE_OF) {
    super({ code: CODE_OF[wire] });
    this.wire = wire;
  }
}

/** What this server stands on, its disk or its Redis, is not there. Nothing was confirmed, and it may be asked again. */
export function isUnavailable(cause: unknown): boolean {
  return cause instanceof Refusal && cause.wire === 'unavailable';
}

/** What a client gets of an error: two codes. No stack, no path, no words, nothing of the input. */
export function errorShape(error: TRPCError) {
  const wire: WireCode | null = error instanceof Refusal ? error.wire : null;
  return {
    code: TRPC_ERROR_CODES_BY_KEY[error.code],
    message: error.code,
    data: { code: error.code, httpStatus: getHTTPStatusCodeFromError(error), wire },
  };
}

/** Junk, as opposed to a call that was right and came at the wrong moment. */
export function isBadMessage(error: TRPCError): boolean {
  if (error instanceof Refusal) return false;
  return error.code === 'BAD_REQUEST' || error.code === 'PARSE_ERROR' || error.code === 'NOT_FOUND';
}
