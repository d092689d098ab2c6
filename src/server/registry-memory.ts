import type { MeetingId } from '../lib/protocol/ids';
import type { Registry } from './registry';
import { createMemorySubscriptions } from './subscriptions-memory';

/** The registry's contract in its plainest form: for tests, gone with the process. */
export function createMemoryRegistry(): Registry {
  const hostedDays = new Map<MeetingId, number>();
  const tombstones = new Set<MeetingId>();
  const { subscriptions, drop } = createMemorySubscriptions();
  return {
    standingOf: async (id) => (tombstones.has(id) ? 'retired' : (hostedDays.get(id) ?? 'unknown')),
    async hosted(id, day) {
      if (!tombstones.has(id)) hostedDays.set(id, Math.max(day, hostedDays.get(id) ?? day));
    },
    async retire(id) {
      hostedDays.delete(id);
      tombstones.add(id);
      drop((subscription) => subscription.id === id);
    },
    async sweep(beforeDay) {
      for (const [id, day] of hostedDays) if (day < beforeDay) hostedDays.delete(id);
    },
    subscriptions,
    isReady: async () => true,
    close() {
      hostedDays.clear();
      tombstones.clear();
      drop(() => true);
    },
  };
}
