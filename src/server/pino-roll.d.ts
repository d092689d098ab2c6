/** pino-roll comes without types; of what it takes, this is what we give it. */
declare module 'pino-roll' {
  import type { destination } from 'pino';

  type SonicBoom = ReturnType<typeof destination>;
  type Options = Exclude<Parameters<typeof destination>[0], string | number | undefined> & {
    file: string;
    /** Bytes with a `b` behind them. */
    size: string;
    /** Milliseconds. */
    frequency: number;
    /** As date-fns reads it. */
    dateFormat: string;
  };
  export default function roll(options: Options): Promise<SonicBoom>;
}
