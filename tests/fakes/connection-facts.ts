import fc from 'fast-check';
import { ADDRESS_KINDS } from '../../src/lib/doctor/address-kind';
import { RELAY_TRANSPORTS, type ConnectionFacts } from '../../src/lib/doctor/facts';

/** Facts that a browser might tell, and such as none ever would. */
const count = fc.nat({ max: 3 });
const maybe = fc.option(fc.boolean());
const mapping = fc.constantFrom('varies' as const, 'unknown' as const);
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
const serverUrl = fc
  .tuple(
    fc.constantFrom('stun:', 'turn:', 'turns:', ''),
    address,
    fc.constantFrom('', '?transport=tcp', '?transport=udp'),
  )
  .map((parts) => parts.join(''));

export const anyFacts: fc.Arbitrary<ConnectionFacts> = fc.record({
  hasWebRtc: fc.boolean(),
  signaling: fc.record({
    kind: fc.constantFrom('connecting', 'websocket', 'server-sent events', 'offline'),
    socketsRefused: fc.boolean(),
  }),
  hasStun: maybe,
  hasTurn: maybe,
  relayOnly: fc.boolean(),
  gathered: fc.record({
    host: count,
    srflx: count,
    relay: fc.record({ UDP: count, TCP: count, TLS: count }),
    end: fc.constantFrom('not-yet', 'complete', 'overdue'),
  }),
  remote: fc.record({ host: count, srflx: count, relay: count }),
  mapped: fc.record({ here: mapping, there: mapping }),
  errors: fc.array(
    fc.record({
      code: fc.oneof(fc.constantFrom(300, 401, 486, 701), fc.integer(), fc.double()),
      url: fc.oneof(serverUrl, address, fc.string()),
    }),
  ),
  silentRelays: fc.subarray([...RELAY_TRANSPORTS]),
  state: fc.constantFrom('new', 'gathering', 'checking', 'connected', 'failed', 'silent'),
  clockSkewMs: fc.option(fc.oneof(fc.integer(), fc.double())),
  addresses: fc.array(fc.constantFrom(...ADDRESS_KINDS)),
  hasVpn: maybe,
});
