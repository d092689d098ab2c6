import { formatLocale } from '../words/messages';

/** Sizes, speeds and times as the person's language writes them. */
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Three figures at most: `843 byte`, `1.2 MB`, `34 MB`. Steps of 1000, as file managers and data plans count. */
function inUnits(bytes: number, suffix: '' | '-per-second'): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return formatter(`${UNITS[step] ?? 'byte'}${suffix}`, {
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

/** Made once each: a formatter costs far more than what it formats, and progress is written many times a second. */
function makeFormatter() {
  const made = new Map<string, Intl.NumberFormat>();
  return (unit: string, look: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const key = `${unit} ${look.unitDisplay} ${look.maximumFractionDigits}`;
    const format = made.get(key) ?? new Intl.NumberFormat(formatLocale, { style: 'unit', unit, ...look });
    made.set(key, format);
    return format;
  };
}
const formatter = makeFormatter();

export const sizeText = (bytes: number): string => inUnits(bytes, '');

export const speedText = (bytesPerSecond: number): string =>
  inUnits(Math.max(0, bytesPerSecond), '-per-second');

/** One unit, rounded up: nobody minds being done early. */
export function durationText(seconds: number): string {
  if (seconds < 60) return inWords('second', seconds);
  return seconds < 3600 ? inWords('minute', seconds / 60) : inWords('hour', seconds / 3600);
}

function inWords(unit: 'second' | 'minute' | 'hour', count: number): string {
  return formatter(unit, { unitDisplay: 'long', maximumFractionDigits: 0 }).format(Math.ceil(count));
}
