/** The pictures and sounds that one person can send (section 9). The index is the stream number of the keys and the wire. */
export const MEDIA_SOURCES = ['microphone', 'camera', 'screen', 'screen-sound'] as const;
export type MediaSource = (typeof MEDIA_SOURCES)[number];

export const MEDIA_KIND: Readonly<Record<MediaSource, 'audio' | 'video'>> = {
  microphone: 'audio',
  camera: 'video',
  screen: 'video',
  'screen-sound': 'audio',
};
