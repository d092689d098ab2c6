const given: unknown = import.meta.env.RELEASE_KEY;

/** The key by which this build judges another version (scripts/release-key.mjs): base64url, or `''` for none. */
export const PINNED_KEY = typeof given === 'string' ? given : '';
