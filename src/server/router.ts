import { initTRPC, TRPCError } from '@trpc/server';
import { ParleyError } from '../lib/protocol/errors';
import { parseId, type MeetingId } from '../lib/protocol/ids';
import { inputs, type Status } from '../lib/protocol/signaling';
import type { Allowance } from './addresses';
import type { Log } from './log';
import type { Metrics } from './metrics';
import type { Presence } from './presence';
import { isClaimValid, isRetireValid } from './proofs';
import type { Push } from './push';
import { errorShape, isUnavailable, Refusal } from './refusal';
import { dayOf, type Registry } from './registry';
import type { Session } from './session';
import type { Sessions } from './sessions';
import { iceSettingsFor, type IceServers } from './turn';

/** Who calls. On a socket one caller makes all calls; over HTTP each request has its own. */
export type Caller = {
  readonly transport: 'socket' | 'stream' | 'request';
  readonly origin: string;
  readonly address: string;
  readonly allowance: Allowance;
  /** The session this call belongs to, live or ended. */
  session: Session | null;
  /** A socket connects once: a second event stream on it could only confuse both ends. */
  hasConnected: boolean;
  /** The session is over while the connection may still be there. */
  hangUp(): void;
};

export type RouterParts = {
  readonly presence: Presence;
  readonly sessions: Sessions;
  readonly registry: Registry;
  readonly push: Push;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly ice: IceServers;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Pings keep proxies from closing a quiet stream; a client that misses two connects anew. */
const STREAM_PING_MS = 5_000;
const STREAM_LOST_MS = 13_000;

const t = initTRPC.context<Caller>().create({
  isDev: false,
  errorFormatter: ({ error }) => errorShape(error),
  sse: {
    ping: { enabled: true, intervalMs: STREAM_PING_MS },
    client: { reconnectAfterInactivityMs: STREAM_LOST_MS },
  },
});

export type AppRouter = ReturnType<typeof createRouter>;

/** The calls of `lib/protocol/signaling.ts`, which holds their schemas and meaning. */
export function createRouter({
  presence,
  sessions,
  registry,
  push,
  log,
  metrics,
  ice,
  version,
  now,
}: RouterParts) {
  const refuse = (wire: ConstructorParameters<typeof Refusal>[0], caller: Caller): never => {
    if (wire === 'rate-limited') log.event('rate-limited', caller.address);
    throw new Refusal(wire);
  };
  const pay = (isPaid: boolean, caller: Caller): void => {
    if (!isPaid) refuse('rate-limited', caller);
  };

  const mustBeLive = async (id: MeetingId): Promise<void> => {
    const standing = await registry.standingOf(id);
    if (standing === 'unknown') throw new Refusal('not-found');
    if (standing === 'retired') throw new Refusal('retired');
  };

  /** The host is here today. A row that is new is paid for by the address that makes it, and waited for. */
  const admit = async (id: MeetingId, caller: Caller): Promise<void> => {
    const standing = await registry.standingOf(id);
    if (standing === 'retired') throw new Refusal('retired');
    if (standing === 'unknown') pay(caller.allowance.take('creations'), caller);
    const today = dayOf(now());
    if (standing === today) return;
    const written = registry.hosted(id, today);
    if (standing === 'unknown') return written;
    // The row that is there is good enough for somebody who comes back while the disk is full.
    written.catch((cause: unknown) =>
      isUnavailable(cause) ? log.event('unavailable', caller.address) : log.fault(cause),
    );
  };

  /** What a session does, after what it did before; never after its end, also where the end came in between. */
  const act = <T>(caller: Caller, work: (session: Session) => Promise<T>): Promise<T> => {
    const { session } = caller;
    if (session === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return session.inTurn(async () => work(live(caller)));
  };

  const iceFor = (session: Session) => iceSettingsFor(ice, session.relayUser, now());

  return t.router({
    connect: t.procedure.subscription(({ ctx, signal }) => {
      if (ctx.transport === 'request') throw new TRPCError({ code: 'METHOD_NOT_SUPPORTED' });
      if (ctx.hasConnected) throw new TRPCError({ code: 'BAD_REQUEST' });
      ctx.hasConnected = true;
      const stream = ctx.transport === 'stream' ? (signal ?? new AbortController().signal) : null;
      const session = sessions.open(ctx.origin, stream, () => {
        ctx.hangUp();
        log.event('session-ended', ctx.address);
      });
      ctx.session = session;
      log.event('session-begun', ctx.address);
      return session.events;
    }),

    /**
     * The log mode and version, shown in Settings and in What our server sees; and the key that a browser's push
     * subscription is made for (RFC 8292: an uncompressed point in base64url), `null` where nobody can be told.
     */
    serverInfo: t.procedure.query(() => ({ logMode: log.mode, version, pushKey: push.key })),

    /** The same path, one query and one lookup for every text, whether an id or not (section 3). */
    status: t.procedure.input(inputs.status).query(async ({ ctx, input }): Promise<Status> => {
      pay(ctx.allowance.take('status'), ctx);
      const id = idOrNobody(input.id);
      const [standing, isHosted] = await Promise.all([registry.standingOf(id), presence.isHosted(id)]);
      const exists = typeof standing === 'number';
      return { exists, hostPresent: exists && isHosted };
    }),

    watch: t.procedure.input(inputs.watch).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        pay(session.take('watched', input.ids.length), ctx);
        pay(await presence.watch(session, input.ids), ctx);
      }),
    ),

    /** Answers the nonce of the next claim: each proof is good once (section 2). */
    claim: t.procedure.input(inputs.claim).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        if (!isClaimValid(input, session.origin, session.nonce)) {
          log.event('claim-refused', ctx.address);
          throw new Refusal('denied');
        }
        await admit(input.id, ctx);
        const claimed = await presence.claim(live(ctx), input.id);
        if (claimed === 'no-room') return refuse('rate-limited', ctx);
        // Who takes over from another window has not come: a host was there.
        if (!claimed.wasHosted) push.hostCame(input.id);
        session.renewNonce();
        log.event('claimed', ctx.address);
        return { nonce: session.nonceText, ice: iceFor(session) };
      }),
    ),

    release: t.procedure
      .input(inputs.release)
      .mutation(({ ctx, input }) => act(ctx, (session) => presence.release(session, input.id))),

    knock: t.procedure.input(inputs.knock).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        pay(session.take('knocks') && session.take('relayBytes', sizeOf(input.envelope)), ctx);
        // Where a host is there is a meeting.
        if (!presence.knowsHost(input.id)) await mustBeLive(input.id);
        const outcome = await presence.knock(live(ctx), input.id, input.envelope);
        if (outcome === 'full') return refuse('full', ctx);
        if (outcome === 'no-room') return refuse('rate-limited', ctx);
        if (outcome.hostPresent) {
          metrics.knocked(session, input.id);
          metrics.relayed(sizeOf(input.envelope));
        } else push.knockedAtNobody(input.id);
        return { ...outcome, ice: iceFor(session) };
      }),
    ),

    /** Whoever is not there learns nothing of the meeting, not even that there is none. */
    ice: t.procedure.input(inputs.ice).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        pay(session.take('ice'), ctx);
        if (!presence.isAt(session, input.id)) throw new Refusal('denied');
        return iceFor(session);
      }),
    ),

    leave: t.procedure.input(inputs.leave).mutation(({ ctx, input }) =>
      act(ctx, (session) => {
        metrics.left(session, input.id);
        return presence.leave(session, input.id);
      }),
    ),

    relay: t.procedure.input(inputs.relay).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        pay(session.take('relayBytes', sizeOf(input.envelope)), ctx);
        const delivered = await presence.relay(session, input);
        if (delivered) metrics.relayed(sizeOf(input.envelope));
        return { delivered };
      }),
    ),

    open: t.procedure
      .input(inputs.open)
      .mutation(({ ctx, input: { id, peerA, peerB } }) =>
        act(ctx, async (session) => ({ opened: await presence.open(session, id, peerA, peerB) })),
      ),

    /** Any session that holds the key may retire, host at this moment or not. Saying it twice is saying it once. */
    retire: t.procedure.input(inputs.retire).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        if (!isRetireValid(input, session.origin, now())) {
          log.event('retire-refused', ctx.address);
          throw new Refusal('denied');
        }
        const standing = await registry.standingOf(input.id);
        if (standing === 'unknown') pay(ctx.allowance.take('creations'), ctx);
        await registry.retire(input.id);
        await presence.retire(input.id);
        log.event('retired', ctx.address);
        return { nonce: session.nonceText };
      }),
    ),

    /** That somebody knocks is the host's to know, so only the host of this moment may ask for that. */
    tell: t.procedure.input(inputs.tell).mutation(({ ctx, input }) =>
      act(ctx, async (session) => {
        pay(ctx.allowance.take('subscriptions'), ctx);
        await mustBeLive(input.id);
        if (input.role === 'host' && !presence.isHost(session, input.id)) throw new Refusal('denied');
        const outcome = await push.tell(input);
        if (outcome !== 'kept') return refuse(outcome, ctx);
      }),
    ),

    /** Whoever knows a device's endpoint is that device, or as good as. */
    untell: t.procedure
      .input(inputs.untell)
      .mutation(({ ctx, input }) => act(ctx, () => push.untell(input.id, input.endpoint))),

    /** Only a sign of life, which every call of a session is. */
    beat: t.procedure.mutation(({ ctx }) => void live(ctx)),
  });
}

/** Asked in the same turn as the work is done: a call whose body came late must not revive an ended session. */
function live({ session }: Caller): Session {
  if (session === null || !session.isLive) throw new TRPCError({ code: 'UNAUTHORIZED' });
  session.heard();
  return session;
}

/** The id of no meeting: no key hashes to it. */
const NOBODY = 'A'.repeat(22) as MeetingId;

function idOrNobody(text: string): MeetingId {
  try {
    return parseId<MeetingId>(text);
  } catch (cause) {
    if (cause instanceof ParleyError) return NOBODY;
    throw cause;
  }
}

/** Bytes of an envelope on the wire; base64url, so a character each. */
function sizeOf(envelope: string | null): number {
  return envelope?.length ?? 0;
}
