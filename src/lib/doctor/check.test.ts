import { describe, expect, test, vi } from 'vitest';
import { ParleyError } from '../protocol/errors';
import type { IceSettings } from '../protocol/signaling';
import type { Probes } from './browser-probes';
import { Check, type IceSource } from './check.svelte';
import type { RelaySight, StunSight } from './probes';
import { CONNECTION_STEPS, type StepId } from './steps';

const STUN = 'stun:turn.example:3478';
const TURN = {
  UDP: 'turn:turn.example:3478?transport=udp',
  TCP: 'turn:turn.example:3478?transport=tcp',
  TLS: 'turns:turn.example:443?transport=tcp',
};
const CREDENTIALS = { username: '1:user', credential: 'aGk=' };
const SERVERS: IceSettings['servers'] = [
  { urls: [STUN] },
  { urls: [TURN.UDP, TURN.TCP, TURN.TLS], ...CREDENTIALS },
];
const SIGHT: StunSight = {
  host: 1,
  srflx: 1,
  end: 'complete',
  errors: [],
  mapping: 'unknown',
  addresses: ['private IPv4', 'public IPv4'],
  hasVpn: false,
};
const PASSED: RelaySight = { count: 1, isPassed: true, errors: [] };

/** All probes see what is well, unless told otherwise; `log` has what was opened and closed. */
function start(probes: Partial<Probes> = {}, open: IceSource['open'] = () => given(SERVERS)) {
  const log: string[] = [];
  const source: IceSource = {
    open: (signal) => {
      log.push('open');
      return open(signal);
    },
    close: () => {
      log.push('close');
      return Promise.resolve();
    },
  };
  const well: Probes = {
    websocket: () => Promise.resolve(true),
    serverSentEvents: () => Promise.resolve(true),
    clockSkew: () => Promise.resolve(200),
    hasWebRtc: () => true,
    gather: () => Promise.resolve(SIGHT),
    passThrough: () => Promise.resolve(PASSED),
    opensDevice: () => Promise.resolve('good'),
  };
  return { check: new Check({ ...well, ...probes }, () => source), log };
}

const given = (servers: IceSettings['servers']) =>
  Promise.resolve<IceSettings>({ servers, expiresInMs: null });
const codesOf = (check: Check) => check.findings.map(({ code }) => code);
const stepOf = (check: Check, id: StepId) => {
  const { state, note } = check.steps[id];
  return note === null ? state : `${state} ${note}`;
};
const untilAborted =
  <T>(answer: T) =>
  (signal: AbortSignal) =>
    new Promise<T>((resolve) => signal.addEventListener('abort', () => resolve(answer)));

describe('a check', () => {
  test('on a device where all is well', async () => {
    const { check, log } = start();
    expect(check.progress).toEqual({ at: 'idle' });
    await check.run();
    expect(CONNECTION_STEPS.map((id) => stepOf(check, id))).toEqual(CONNECTION_STEPS.map(() => 'good'));
    expect(check.findings).toEqual([{ code: 'fine', isConnected: true }]);
    expect(check.progress).toEqual({ at: 'done' });
    expect(stepOf(check, 'camera')).toBe('waiting');
    expect(log).toEqual(['open', 'close']);
  });

  test('asks each relay by one URL with its credentials, and STUN by the others', async () => {
    const [gather, passThrough] = [vi.fn<Probes['gather']>(), vi.fn<Probes['passThrough']>()];
    gather.mockResolvedValue(SIGHT);
    passThrough.mockResolvedValue(PASSED);
    await start({ gather, passThrough }).check.run();
    expect(gather.mock.calls.map(([urls]) => urls)).toEqual([[STUN]]);
    expect(passThrough.mock.calls.map(([server]) => server)).toEqual(
      Object.values(TURN).map((url) => ({ urls: [url], ...CREDENTIALS })),
    );
  });

  test.each<[string, Partial<Probes>, IceSettings['servers'], Partial<Record<StepId, string>>, string[]]>([
    [
      'no WebSocket',
      { websocket: () => Promise.resolve(false) },
      SERVERS,
      { websocket: 'bad no-answer', events: 'good', 'relay-UDP': 'good' },
      ['fine', 'no-websocket'],
    ],
    [
      'no server',
      {
        websocket: () => Promise.resolve(false),
        serverSentEvents: () => Promise.resolve(false),
        clockSkew: () => Promise.resolve(null),
      },
      SERVERS,
      {
        events: 'bad no-answer',
        clock: 'bad no-answer',
        stun: 'skipped no-server',
        'relay-TLS': 'skipped no-server',
      },
      ['server-unreachable'],
    ],
    [
      'no WebRTC',
      { hasWebRtc: () => false },
      SERVERS,
      { webrtc: 'bad turned-off', stun: 'skipped no-webrtc', 'relay-UDP': 'skipped no-webrtc' },
      ['webrtc-off'],
    ],
    [
      'a clock that is an hour fast',
      { clockSkew: () => Promise.resolve(3_600_000) },
      SERVERS,
      { clock: 'bad clock-off' },
      ['clock-wrong'],
    ],
    [
      'neither STUN nor TURN',
      { gather: () => Promise.resolve({ ...SIGHT, srflx: 0 }) },
      [],
      { stun: 'skipped not-set-up', 'relay-UDP': 'skipped not-set-up', 'relay-TLS': 'skipped not-set-up' },
      ['no-helpers'],
    ],
    [
      'no relay',
      {},
      [{ urls: [STUN] }],
      { stun: 'good', 'relay-UDP': 'skipped not-set-up' },
      ['fine', 'no-relay'],
    ],
    [
      'an address that is the device’s own',
      { gather: () => Promise.resolve({ ...SIGHT, srflx: 0 }) },
      SERVERS,
      { stun: 'good no-nat' },
      ['fine'],
    ],
    [
      'no STUN answer',
      { gather: () => Promise.resolve({ ...SIGHT, srflx: 0, end: 'overdue' }) },
      [{ urls: [STUN] }],
      { stun: 'bad no-answer' },
      ['stun-silent', 'no-relay'],
    ],
    [
      'UDP blocked',
      {
        gather: () => Promise.resolve({ ...SIGHT, srflx: 0, end: 'overdue' }),
        passThrough: ({ urls }) =>
          Promise.resolve(urls.includes(TURN.UDP) ? { count: 0, isPassed: false, errors: [] } : PASSED),
      },
      SERVERS,
      { stun: 'bad no-answer', 'relay-UDP': 'bad no-answer', 'relay-TCP': 'good' },
      ['fine', 'udp-blocked'],
    ],
    [
      'a browser that names no address',
      { gather: () => Promise.resolve({ ...SIGHT, host: 0, srflx: 0 }) },
      [{ urls: [STUN] }],
      { stun: 'bad not-allowed' },
      ['udp-forbidden', 'no-relay'],
    ],
    [
      'a relay that passes nothing on',
      { passThrough: () => Promise.resolve({ count: 1, isPassed: false, errors: [] }) },
      SERVERS,
      { 'relay-UDP': 'bad no-data' },
      ['relay-silent'],
    ],
    ...(
      [
        [401, 'refused', 'relay-refused'],
        [486, 'full', 'relay-full'],
        [701, 'not-reached', 'relay-unreachable'],
      ] as const
    ).map(
      ([code, note, finding]): [
        string,
        Partial<Probes>,
        IceSettings['servers'],
        Partial<Record<StepId, string>>,
        string[],
      ] => [
        `${code} over TLS`,
        {
          passThrough: ({ urls }) =>
            Promise.resolve(
              urls.includes(TURN.TLS)
                ? { count: 0, isPassed: false, errors: [{ code, url: TURN.TLS }] }
                : PASSED,
            ),
        },
        SERVERS,
        { 'relay-TCP': 'good', 'relay-TLS': `bad ${note}` },
        code === 701 ? ['fine', finding] : [finding],
      ],
    ),
  ])('finds %s', async (_, probes, servers, steps, findings) => {
    const { check } = start(probes, () => given(servers));
    await check.run();
    for (const [id, step] of Object.entries(steps))
      expect([id, stepOf(check, id as StepId)]).toEqual([id, step]);
    expect(codesOf(check)).toEqual(findings);
  });

  test.each([
    ['signaling/rate-limited', 'skipped too-often'],
    ['signaling/unreachable', 'skipped no-server'],
  ] as const)('where the server answers %s, the rest is left out', async (code, step) => {
    const { check, log } = start({}, () => Promise.reject(new ParleyError(code)));
    await check.run();
    expect(stepOf(check, 'relay-UDP')).toBe(step);
    expect(check.progress).toEqual({ at: 'done' });
    expect(check.findings).toEqual([]);
    expect(log).toEqual(['open', 'close']);
  });

  test('passes on a fault of ours, and closes all the same', async () => {
    const { check, log } = start({ gather: () => Promise.reject(new ParleyError('internal/fault')) });
    await expect(check.run()).rejects.toThrow('internal/fault');
    expect(stepOf(check, 'stun')).toBe('bad');
    expect(log).toEqual(['open', 'close']);
  });

  test('stops when told to: what was cut off has not failed, and all is closed', async () => {
    const { check, log } = start({ passThrough: untilEndsIn({ count: 0, isPassed: false, errors: [] }) });
    const run = check.run();
    await vi.waitFor(() => expect(check.progress).toEqual({ at: 'running', step: 'relay-UDP' }));
    check.stop();
    await run;
    expect(stepOf(check, 'relay-UDP')).toBe('waiting');
    expect(stepOf(check, 'stun')).toBe('good');
    expect(check.progress).toEqual({ at: 'stopped' });
    expect(check.findings).toEqual([]);
    expect(log).toEqual(['open', 'close']);
  });

  test('gives each step its time', async () => {
    vi.useFakeTimers();
    const { check } = start({
      websocket: untilAborted(false),
      passThrough: untilEndsIn({ count: 0, isPassed: false, errors: [] }),
    });
    const run = check.run();
    await vi.advanceTimersByTimeAsync(60_000);
    await run;
    expect(stepOf(check, 'websocket')).toBe('bad no-answer');
    expect(stepOf(check, 'relay-TLS')).toBe('bad no-answer');
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('runs once at a time, and anew after that', async () => {
    const gather = vi.fn<Probes['gather']>().mockResolvedValue(SIGHT);
    const { check } = start({ gather });
    await Promise.all([check.run(), check.run(), check.runMedia()]);
    expect(gather).toHaveBeenCalledTimes(1);
    gather.mockResolvedValue({ ...SIGHT, host: 0, srflx: 0 });
    await check.run();
    expect(stepOf(check, 'stun')).toBe('bad not-allowed');
  });
});

describe('microphone and camera', () => {
  test('are opened when asked for, and leave what was found', async () => {
    const opensDevice = vi
      .fn<Probes['opensDevice']>()
      .mockResolvedValueOnce('good')
      .mockResolvedValueOnce('no-device');
    const { check } = start({ opensDevice });
    await check.run();
    expect(opensDevice).not.toHaveBeenCalled();
    await check.runMedia();
    expect(opensDevice.mock.calls.map(([kind]) => kind)).toEqual(['audio', 'video']);
    expect([stepOf(check, 'microphone'), stepOf(check, 'camera')]).toEqual(['good', 'bad no-device']);
    expect(codesOf(check)).toEqual(['fine']);
  });

  test('alone tell nothing of the connection', async () => {
    const { check } = start();
    await check.runMedia();
    expect(check.progress).toEqual({ at: 'idle' });
    expect(check.findings).toEqual([]);
  });
});

function untilEndsIn(sight: RelaySight): Probes['passThrough'] {
  return (_, signal) => untilAborted(sight)(signal);
}
