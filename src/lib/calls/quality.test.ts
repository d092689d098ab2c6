import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QualityGauge, type StatsReport } from './quality';
import type { Quality } from './view';

const QUALITIES: readonly Quality[] = ['none', 'good', 'weak-own', 'weak-theirs', 'weak'];

type Stats = Record<string, Record<string, unknown>>;

/** A voice and a picture either way, as Chromium reports them `s` seconds after the start. */
function healthy(s: number): Stats {
  return {
    T: { type: 'transport', selectedCandidatePairId: 'P' },
    Q: { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 9 },
    P: {
      type: 'candidate-pair',
      nominated: true,
      state: 'succeeded',
      currentRoundTripTime: 0.04,
      availableOutgoingBitrate: 2_000_000,
    },
    IA: inbound('audio', { packetsReceived: 50 * s, bytesReceived: 4_000 * s, jitter: 0.005 }),
    IV: inbound('video', {
      packetsReceived: 150 * s,
      bytesReceived: 150_000 * s,
      jitter: 0.12,
      frameWidth: 1280,
      frameHeight: 720,
      framesPerSecond: 29,
      freezeCount: 0,
      codecId: 'C',
    }),
    OA: { type: 'outbound-rtp', kind: 'audio', packetsSent: 50 * s, bytesSent: 4_000 * s },
    OV: {
      type: 'outbound-rtp',
      kind: 'video',
      packetsSent: 150 * s,
      bytesSent: 100_000 * s,
      frameWidth: 640,
      frameHeight: 360,
      framesPerSecond: 15,
      qualityLimitationReason: 'none',
      codecId: 'C',
    },
    RA: { type: 'remote-inbound-rtp', localId: 'OA', fractionLost: 0, roundTripTime: 0.05, jitter: 0.004 },
    RV: { type: 'remote-inbound-rtp', localId: 'OV', fractionLost: 0, roundTripTime: 0.05, jitter: 0.01 },
    C: { type: 'codec', mimeType: 'video/VP9' },
  };
}

function inbound(kind: string, fields: Record<string, unknown>): Record<string, unknown> {
  return { type: 'inbound-rtp', kind, packetsLost: 0, ...fields };
}

const reportOf = (stats: Stats): StatsReport => new Map(Object.entries(stats));

/** Fields of some entries, as they are `s` seconds after the start. */
type Change = (s: number) => Stats;
const withChange = (stats: Stats, change: Stats): Stats => {
  const changed = Object.entries(change).map(([id, fields]) => [id, { ...stats[id], ...fields }] as const);
  return { ...stats, ...Object.fromEntries(changed) };
};

/** A sample each second from 1 s on; the word after each. */
function words(gauge: QualityGauge, seconds: number, change: Change = () => ({}), fromS = 1): Quality[] {
  return Array.from({ length: seconds }, (_, i) => {
    const s = fromS + i;
    gauge.take(reportOf(withChange(healthy(s), change(s))), s * 1000);
    return gauge.quality;
  });
}

const LOSS_IN: Change = (s) => ({ IA: { packetsLost: 5 * s }, IV: { packetsLost: 15 * s } });
const LOSS_OUT: Change = () => ({ RA: { fractionLost: 0.1 }, RV: { fractionLost: 0.1 } });

describe('the word', () => {
  const table: [what: string, word: Quality, change: Change][] = [
    ['a healthy connection', 'good', () => ({})],
    ['loss on the way here', 'weak-theirs', LOSS_IN],
    ['3 % lost is hidden by the codecs', 'good', (s) => ({ IV: { packetsLost: 4.5 * s } })],
    ['loss on the way there', 'weak-own', LOSS_OUT],
    ['loss both ways', 'weak', (s) => ({ ...LOSS_IN(s), ...LOSS_OUT(s) })],
    ['a long way', 'weak', () => ({ P: { currentRoundTripTime: 0.6 } })],
    ['a voice that stumbles', 'weak-theirs', () => ({ IA: { jitter: 0.1 } })],
    ['a picture that freezes again and again', 'weak-theirs', (s) => ({ IV: { freezeCount: s } })],
    ['a picture that stands for long', 'weak-theirs', (s) => ({ IV: { totalFreezesDuration: s / 2 } })],
    ['one freeze', 'good', (s) => ({ IV: { freezeCount: s > 2 ? 1 : 0 } })],
    [
      'a shared screen on which nothing happens',
      'good',
      (s) => ({ IV: { freezeCount: s, contentType: 'screenshare' } }),
    ],
    [
      'a picture held back by a narrow way',
      'weak-own',
      () => ({ P: { availableOutgoingBitrate: 200_000 }, OV: { qualityLimitationReason: 'bandwidth' } }),
    ],
    ['a picture held back with room left', 'good', () => ({ OV: { qualityLimitationReason: 'bandwidth' } })],
    ['a narrow way that is wide enough', 'good', () => ({ P: { availableOutgoingBitrate: 200_000 } })],
    [
      'held back for moments only',
      'good',
      (s) => ({
        P: { availableOutgoingBitrate: 200_000 },
        OV: { qualityLimitationReason: s % 3 === 0 ? 'none' : 'bandwidth' },
      }),
    ],
    [
      'a camera turned off while it was lossy keeps its last report for good',
      'good',
      () => ({ OV: { packetsSent: 900, bytesSent: 9 }, RV: { fractionLost: 0.3 } }),
    ],
    [
      'a microphone turned off keeps its last jitter',
      'good',
      () => ({ IA: { packetsReceived: 70, jitter: 0.3 }, IV: { jitter: 0.01 } }),
    ],
    ['late packets that came after all', 'good', (s) => ({ IV: { packetsLost: -100 * s } })],
  ];

  it.each(table)('%s: %s', (_, word, change) => {
    expect(words(new QualityGauge(), 8, change).at(-1)).toBe(word);
  });

  it('waits for two samples, and then for nothing', () => {
    expect(words(new QualityGauge(), 3)).toEqual(['none', 'good', 'good']);
    expect(words(new QualityGauge(), 3, LOSS_OUT)).toEqual(['none', 'weak-own', 'weak-own']);
  });

  it('is none while nothing is counted', () => {
    const gauge = new QualityGauge();
    for (const s of [1, 2, 3]) gauge.take(reportOf({ X: { type: 'data-channel' } }), s * 1000);
    expect(gauge.quality).toBe('none');
  });

  it('changes when another holds for two samples', () => {
    const gauge = new QualityGauge();
    words(gauge, 6);
    const far: Change = () => ({ P: { currentRoundTripTime: 0.7 } });
    expect(words(gauge, 1, far, 7)).toEqual(['good']);
    expect(words(gauge, 1, undefined, 8)).toEqual(['good']);
    expect(words(gauge, 3, far, 9)).toEqual(['good', 'weak', 'weak']);
    expect(words(gauge, 2, undefined, 12)).toEqual(['weak', 'good']);
  });

  it('forgets what is longer ago than the window', () => {
    const gauge = new QualityGauge();
    const lost: Change = (s) => ({ IV: { packetsLost: 40 * Math.min(s, 5) } });
    expect(words(gauge, 5, lost).at(-1)).toBe('weak-theirs');
    expect(words(gauge, 7, lost, 6).at(-1)).toBe('good');
  });

  it('is told by rare samples too', () => {
    const gauge = new QualityGauge();
    for (const s of [10, 20, 30]) gauge.take(reportOf(withChange(healthy(s), LOSS_IN(s))), s * 1000);
    expect(gauge.quality).toBe('weak-theirs');
  });
});

describe('the figures', () => {
  const figuresOf = (seconds: number, change?: Change) => {
    const gauge = new QualityGauge();
    words(gauge, seconds, change);
    return gauge.figures;
  };

  it('are those of the last seconds', () => {
    expect(figuresOf(6, (s) => ({ IV: { packetsLost: 50 * s } }))).toEqual({
      rttMs: 40,
      jitterMs: 5,
      lostIn: 0.2,
      lostOut: 0,
      bitsInPerS: 154_000 * 8,
      bitsOutPerS: 104_000 * 8,
      picture: { width: 1280, height: 720, framesPerS: 29, codec: 'VP9' },
      ownPicture: { width: 640, height: 360, framesPerS: 15, codec: 'VP9' },
    });
  });

  it('of one sample are what needs no second one', () => {
    expect(figuresOf(1)).toMatchObject({
      rttMs: 40,
      jitterMs: 5,
      lostIn: null,
      lostOut: null,
      bitsInPerS: null,
      bitsOutPerS: null,
      picture: { width: 1280 },
    });
  });

  it('count each stream for what was sent of it', () => {
    expect(figuresOf(4, () => ({ RA: { fractionLost: 0.4 } })).lostOut).toBeCloseTo(0.1);
    expect(figuresOf(4, () => ({ RV: { fractionLost: 0.4 } })).lostOut).toBeCloseTo(0.3);
  });

  it('show the largest picture that moves', () => {
    const screen = inbound('video', { frameWidth: 1920, frameHeight: 1080, framesDecoded: 0 });
    const moving: Change = (s) => ({
      SV: { ...screen, packetsReceived: 10 * s, framesDecoded: 5 * s },
    });
    expect(figuresOf(4, moving).picture).toEqual({ width: 1920, height: 1080, framesPerS: 5, codec: '' });
    const ended: Change = () => ({ SV: { ...screen, packetsReceived: 500 } });
    expect(figuresOf(4, ended).picture?.width).toBe(1280);
  });

  it('find the pair in use where the transport does not name it', () => {
    const firefox: Change = () => ({
      T: { selectedCandidatePairId: undefined },
      Q: { nominated: false },
      P: { selected: true, currentRoundTripTime: 0.07 },
    });
    expect(figuresOf(2, firefox).rttMs).toBeCloseTo(70);
  });

  it('ask the other side where the pair has no round trip', () => {
    const none: Change = () => ({ P: { currentRoundTripTime: undefined } });
    expect(figuresOf(2, none).rttMs).toBe(50);
  });

  it('never fall below nought when counters begin anew', () => {
    const gauge = new QualityGauge();
    words(gauge, 5);
    gauge.take(reportOf(healthy(0.1)), 6000);
    expect(gauge.figures).toMatchObject({ bitsInPerS: 0, bitsOutPerS: 0, lostIn: null });
  });

  it.each([Infinity, NaN, 1e308, '0.3', null, {}])('take %s for not said', (value) => {
    const figures = figuresOf(4, () => ({
      P: { currentRoundTripTime: value },
      RA: { roundTripTime: value },
      RV: { roundTripTime: value },
      IA: { jitter: value, bytesReceived: value },
      IV: { bytesReceived: value, frameWidth: value },
    }));
    expect(figures).toMatchObject({ rttMs: null, jitterMs: null, bitsInPerS: null, picture: null });
  });

  it('leave out a moment that is not after the last one', () => {
    const gauge = new QualityGauge();
    words(gauge, 4);
    const before = gauge.figures;
    for (const atMs of [4000, 0, -1, NaN, Infinity]) gauge.take(reportOf(healthy(9)), atMs);
    expect(gauge.figures).toEqual(before);
  });
});

describe('whatever a browser reports', () => {
  const anyField = fc.oneof(
    fc.anything(),
    fc.double(),
    fc.integer(),
    fc.constantFrom('audio', 'video', 'bandwidth', 'P', 'IV', 'OV', 'C', true),
  );
  const names = [...new Set(Object.values(healthy(1)).flatMap((entry) => Object.keys(entry)))];
  const anyEntry = fc.oneof(
    fc.anything(),
    fc
      .tuple(
        fc.constantFrom('transport', 'candidate-pair', 'inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp'),
        fc.dictionary(fc.constantFrom(...names, 'selected', 'packetsLost', 'totalFreezesDuration'), anyField),
      )
      .map(([type, fields]) => ({ ...fields, type })),
  );
  const anyReport = fc.dictionary(fc.constantFrom(...Object.keys(healthy(1))), anyEntry);

  it('nothing throws, the word is one of ours, and every figure is a number or null', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyReport, fc.oneof(fc.double(), fc.nat()))), (samples) => {
        const gauge = new QualityGauge();
        let atMs = 0;
        for (const [report, stepMs] of samples) {
          atMs += stepMs;
          gauge.take(new Map(Object.entries(report)), atMs);
          if (!Number.isFinite(atMs)) atMs = 0;
          expect(QUALITIES).toContain(gauge.quality);
          const { picture, ownPicture, ...figures } = gauge.figures;
          const pictures = [picture, ownPicture].flatMap((one) =>
            one === null ? [] : [one.width, one.height, one.framesPerS],
          );
          for (const figure of [...Object.values(figures), ...pictures]) {
            expect(figure === null || (Number.isFinite(figure) && figure >= 0)).toBe(true);
          }
          for (const part of [figures.lostIn, figures.lostOut]) expect(part ?? 0).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
