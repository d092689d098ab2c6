import type { MeetingId } from '../lib/protocol/ids';
import { dayOf } from './registry';
import { QUIET_MS, TOLD_DAYS, type Subscription, type Subscriptions } from './subscriptions';

type Row = { asked: Subscription; expiresDay: number; pushedAtMs: number | null };

/** The contract in its plainest form. `drop` is for the registry, whose meetings end. */
export function createMemorySubscriptions(): {
  subscriptions: Subscriptions;
  drop: (isMeant: (subscription: Subscription) => boolean) => void;
} {
  const rows = new Map<string, Row>();
  const keyOf = (id: MeetingId, endpoint: string) => `${id} ${endpoint}`;

  function drop(isMeant: (subscription: Subscription) => boolean): void {
    for (const [key, { asked }] of rows) if (isMeant(asked)) rows.delete(key);
  }

  const subscriptions: Subscriptions = {
    async keep(asked, bounds, nowMs) {
      const key = keyOf(asked.id, asked.subscription.endpoint);
      const before = rows.get(key);
      if (before?.asked.role !== asked.role) {
        const alike = [...rows.values()].filter(
          (row) =>
            row.asked.id === asked.id && row.asked.role === asked.role && row.expiresDay > dayOf(nowMs),
        );
        if (alike.length >= bounds.perMeeting) return 'full';
        if (rows.size >= bounds.all) return 'no-room';
      }
      rows.set(key, { asked, expiresDay: dayOf(nowMs) + TOLD_DAYS, pushedAtMs: before?.pushedAtMs ?? null });
      return 'kept';
    },
    async take(id, role, nowMs) {
      const due = [...rows.values()].filter(
        (row) =>
          row.asked.id === id &&
          row.asked.role === role &&
          row.expiresDay > dayOf(nowMs) &&
          isLoud(row.pushedAtMs, nowMs),
      );
      for (const row of due) row.pushedAtMs = nowMs;
      return due.map(({ asked }) => asked);
    },
    async remove(id, endpoint) {
      rows.delete(keyOf(id, endpoint));
    },
    async removeDevice(endpoint) {
      drop(({ subscription }) => subscription.endpoint === endpoint);
    },
    async sweep(nowMs) {
      for (const [key, row] of rows) {
        if (row.expiresDay <= dayOf(nowMs)) rows.delete(key);
        else if (isLoud(row.pushedAtMs, nowMs)) row.pushedAtMs = null;
      }
    },
  };
  return { subscriptions, drop };
}

/** A clock that was set back must not keep anybody from being told. */
function isLoud(pushedAtMs: number | null, nowMs: number): boolean {
  return pushedAtMs === null || pushedAtMs <= nowMs - QUIET_MS || pushedAtMs > nowMs;
}
