import { ParleyError } from '../protocol/errors';

/** An envelope that failed to authenticate: proof of nothing but a relay that changes bytes, or a late message. */
export class NotOpened extends ParleyError {
  constructor(options: { cause: unknown }) {
    super('crypto/open-failed', options);
  }
}

/** Marks whatever goes wrong in opening bytes that nothing had vouched for yet. */
export async function opening<T>(open: () => Promise<T> | T): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    throw new NotOpened({ cause });
  }
}
