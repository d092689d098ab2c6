/**
 * One machine plays everybody in tests and benchmarks: what the server counts by address is set out of the way. The
 * limits' own tests cross them.
 */
export const ROOMY = {
  LIMIT_CONNECTIONS_PER_MINUTE: '100000',
  LIMIT_OPEN_PER_ADDRESS: '10000',
  LIMIT_STATUS_BURST: '100000',
  LIMIT_CREATIONS_PER_HOUR: '100000',
};
