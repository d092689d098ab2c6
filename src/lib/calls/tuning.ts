import type { MediaSource } from '../protocol/media';
import type { Tuning } from '../peer/media-sections';
import type { ScreenContent } from './view';

/** What a call may take of the network at most; the browser takes less by itself where there is less. */
const SOUND_BITS = { microphone: 40_000, 'screen-sound': 128_000 };
const SAVED_SOUND_BITS = { microphone: 20_000, 'screen-sound': 48_000 };
/** 1280x720 at 30 pictures a second is as good as it gets with that in VP9. */
const CAMERA_BITS = 1_700_000;
const SAVED_CAMERA_BITS = 250_000;
const SCREEN_BITS = 2_500_000;
const SAVED_SCREEN_BITS = 500_000;

/** Sound comes first when the network is narrow, then the screen, then faces. */
export function tuningOf(
  source: MediaSource,
  { isSavingData, screenContent }: { isSavingData: boolean; screenContent: ScreenContent },
): Tuning {
  switch (source) {
    case 'microphone':
    case 'screen-sound': {
      const bits = isSavingData ? SAVED_SOUND_BITS : SOUND_BITS;
      return { maxBitsPerS: bits[source], priority: 'high' };
    }
    case 'camera':
      return {
        maxBitsPerS: isSavingData ? SAVED_CAMERA_BITS : CAMERA_BITS,
        maxFramesPerS: isSavingData ? 15 : 30,
        // Of 1280x720: what a browser begins with anyway, after it has tried the others.
        startsSmaller: 4,
        preference: 'balanced',
        priority: 'low',
      };
    case 'screen':
      return {
        maxBitsPerS: isSavingData ? SAVED_SCREEN_BITS : SCREEN_BITS,
        preference: screenContent === 'text' ? 'maintain-resolution' : 'maintain-framerate',
        priority: 'medium',
      };
  }
}
