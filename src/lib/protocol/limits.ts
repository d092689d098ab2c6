/** Bounds that both ends of the wire keep, each with its reason. The server's own limits are in `server/limits.ts`. */

/** A sealed envelope: a description with audio, video and data is under 4 KB sealed; four times that (section 3). */
export const MAX_ENVELOPE_BYTES = 16 * 1024;
/** A handshake that is not done by then is dropped (section 5). */
export const HANDSHAKE_TIMEOUT_MS = 15_000;
/** Half-open handshakes a host keeps (section 5). */
export const MAX_HALF_OPEN = 16;
/** A person's name in bytes of UTF-8: 40 characters of any script. */
export const MAX_NAME_BYTES = 160;
/** What a guest may say when knocking. */
export const MAX_KNOCK_TEXT_BYTES = 560;
/** One chat message. A longer text belongs in a file. */
export const MAX_TEXT_BYTES = 16 * 1024;
/** A file name in bytes of UTF-8: what common file systems take. */
export const MAX_FILE_NAME_BYTES = 255;
/** A media type such as `image/png`; RFC 6838 allows 127 + 1 + 127. */
export const MAX_MEDIA_TYPE_BYTES = 255;
/** Offers from one peer that wait for an answer; more are declined unseen, so that a flood costs the receiver nothing. */
export const MAX_OPEN_OFFERS = 100;
/** Plaintext bytes in a file record (STACK: measured). */
export const FILE_CHUNK_BYTES = 64 * 1024;
/** The largest file: what a 32-bit count of records of that size could hold is far more than any OPFS quota. */
export const MAX_FILE_BYTES = 2 ** 32 * FILE_CHUNK_BYTES;
/** A session description; a browser's own with audio, video and data is under 8 KB. */
export const MAX_DESCRIPTION_BYTES = 64 * 1024;
/** One candidate line. */
export const MAX_CANDIDATE_BYTES = 1024;
/** Candidates accepted for one connection; browsers with many interfaces and relays stay under 60. */
export const MAX_CANDIDATES = 200;
/** People in a meeting besides the host. Group meetings (section 10) raise it. */
export const MAX_GUESTS = 1;
/** Guests that wait in a host's waiting room. */
export const MAX_WAITING = 8;
