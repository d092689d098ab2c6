/**
 * The outside of a frame, checked before anything else looks at it: plain calls of tRPC's WebSocket protocol with known
 * fields, and none that could mean more than it says (`__proto__`, resumption, connection parameters). What `input`
 * holds is its schema's business.
 */
export type FrameCall =
  | { readonly id: CallId; readonly method: 'stop' }
  | { readonly id: CallId; readonly method: Method; readonly path: string; readonly input: unknown };

export type CallId = string | number;
type Method = (typeof METHODS)[number];

const CALL_FIELDS = new Set(['id', 'jsonrpc', 'method', 'params']);
const PARAM_FIELDS = new Set(['path', 'input']);
const METHODS = ['query', 'mutation', 'subscription'] as const;
const MAX_ID_LENGTH = 64;
/** Calls that tRPC's client gathers within one turn of its event loop; more than the burst could never be paid for. */
export const MAX_CALLS = 60;

/** tRPC's own keep-alive, not JSON. */
export const PING = 'PING';
export const PONG = 'PONG';

/** The calls in a text frame, or `null` for junk. `JSON.parse` is iterative: depth is no danger to it. */
export function readFrame(text: string): readonly FrameCall[] | null {
  const value = parseJson(text);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0 || items.length > MAX_CALLS) return null;
  const calls: FrameCall[] = [];
  for (const item of items) {
    const call = readCall(item);
    if (call === null) return null;
    calls.push(call);
  }
  return calls;
}

function readCall(item: unknown): FrameCall | null {
  if (!isRecord(item) || !hasOnly(item, CALL_FIELDS)) return null;
  const { id, method, params } = item;
  if (typeof id !== 'number' && !(typeof id === 'string' && id.length <= MAX_ID_LENGTH)) return null;
  if (method === 'subscription.stop') return { id, method: 'stop' };
  const known = METHODS.find((each) => each === method);
  if (known === undefined || !isRecord(params) || !hasOnly(params, PARAM_FIELDS)) return null;
  const { path, input } = params;
  return typeof path === 'string' ? { id, method: known, path, input } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: Record<string, unknown>, fields: ReadonlySet<string>): boolean {
  for (const key of Object.keys(value)) if (!fields.has(key)) return false;
  return true;
}
