import type { Entry } from '../signaling/record';

/** A sealed body, or what would let a reader speak for somebody: how much of it there was. */
type Hidden = { readonly sealedBytes: number } | { readonly withheldCharacters: number };
export type Field = { readonly name: string; readonly value: string | Hidden };

/** One message as it is shown: what it is called in the protocol, and every field that it had. */
export type Message = Pick<Entry, 'number' | 'line' | 'isSent' | 'atMs' | 'bytes' | 'count'> & {
  /** A call or an event. */
  readonly names: readonly string[];
  /** The server's word on a call of ours. */
  readonly isAnswer: boolean;
  readonly fields: readonly Field[];
};

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const at = (value: unknown, ...keys: string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

/** In the order in which they crossed the wire: an answer is called by what it answers. */
export function readMessages(entries: readonly Entry[]): Message[] {
  const calls = new Map<string, string>();
  return entries.map((entry) => {
    const { number, line, isSent, atMs, bytes, count } = entry;
    const said = parsed(entry.text);
    const parts = entry.path === '' && Array.isArray(said) ? (said as unknown[]) : [said];
    const read =
      entry.path === '' ? parts.map((part) => ofSocket(part, line, calls)) : [ofRequest(entry, said)];
    const fields = fieldsOf('', said);
    return {
      ...{ number, line, isSent, atMs, bytes, count },
      names: read.flatMap(({ names }) => names),
      isAnswer: read.some(({ isAnswer }) => isAnswer),
      fields: entry.path === '' ? fields : [{ name: 'path', value: entry.path }, ...fields],
    };
  });
}

function ofSocket(part: unknown, line: number, calls: Map<string, string>) {
  const key = `${line} ${String(at(part, 'id'))}`;
  const call = at(part, 'params', 'path');
  if (typeof call === 'string') {
    calls.set(key, call);
    return { names: [call], isAnswer: false };
  }
  const event = at(part, 'result', 'data', 'type');
  if (typeof event === 'string') return { names: [event], isAnswer: false };
  const method = at(part, 'method');
  if (typeof method === 'string') return { names: [method], isAnswer: false };
  const asked = calls.get(key);
  if (asked !== undefined) return { names: [asked], isAnswer: true };
  return { names: [typeof part === 'string' ? part : 'answer'], isAnswer: false };
}

/** `/trpc/claim,watch?batch=1`, or `/trpc/connect EVENT` of the stream. */
function ofRequest({ path, isSent }: Entry, said: unknown) {
  const [, calls = '', event] = /^\/trpc\/([\w,]+)(?:\?\S*)?(?: (\S+))?$/.exec(path) ?? [];
  if (event === undefined) return { names: calls.split(','), isAnswer: !isSent };
  const type = at(said, 'type');
  return { names: [typeof type === 'string' ? type : event], isAnswer: false };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Signs of life are no JSON, and a middlebox may say anything.
    return text;
  }
}

function fieldsOf(name: string, value: unknown): Field[] {
  if (typeof value === 'string') return [{ name, value }];
  const inside = Object.entries(typeof value === 'object' && value !== null ? value : {});
  // Numbers, null, and lists and objects with nothing in them.
  if (inside.length === 0) return [{ name, value: JSON.stringify(value) }];
  const characters = at(value, 'characters');
  if (typeof characters === 'number' && inside.length === 1)
    return [{ name, value: hidden(name, characters) }];
  return inside.flatMap(([key, inner]) => fieldsOf(name === '' ? key : `${name}.${key}`, inner));
}

/** Base64url has four characters for three bytes. */
function hidden(name: string, characters: number): Hidden {
  const isEnvelope = /(?:^|\.)envelope$/.test(name);
  return isEnvelope ? { sealedBytes: Math.floor((characters * 3) / 4) } : { withheldCharacters: characters };
}
