import { fromUtf8, type Bytes } from './bytes';
import { ParleyError } from './errors';

/** JSON from elsewhere, looked at part by part. Every function throws `protocol/malformed`. */
export type Json = Record<string, unknown>;

export function parseJson(bytes: Bytes): Json {
  try {
    return asObject(JSON.parse(fromUtf8(bytes)));
  } catch (cause) {
    throw new ParleyError('protocol/malformed', { cause });
  }
}

export function asObject(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ParleyError('protocol/malformed');
  }
  return value as Json;
}
