import { formatLocale } from '../words/messages';

const format = (options: Intl.NumberFormatOptions) =>
  new Intl.NumberFormat(formatLocale, { style: 'unit', unitDisplay: 'short', ...options });
const bytesFormat = format({ unit: 'byte', unitDisplay: 'long' });
const kilobytesFormat = format({ unit: 'kilobyte', maximumFractionDigits: 1 });
const timeFormat = new Intl.DateTimeFormat(formatLocale, { timeStyle: 'medium' });

/** `843 bytes`, `4.2 kB`: what a meeting needs of the server is never much more. */
export const sizeText = (bytes: number): string =>
  bytes < 1_000 ? bytesFormat.format(bytes) : kilobytesFormat.format(bytes / 1_000);

export const timeText = (atMs: number): string => timeFormat.format(atMs);
