import { describe, expect, it } from 'vitest';
import { withOwnCodecsOnly } from './own-codecs';

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('');

/** As Firefox 153 writes it with VP9 and VP8 preferred; AV1 (99), RED (122) and ULPFEC (123) were left out. */
const VIDEO = [
  'm=video 9 UDP/TLS/RTP/SAVPF 121 125 120 124',
  'c=IN IP4 0.0.0.0',
  'a=sendrecv',
  'a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=fmtp:120 max-fs=12288;max-fr=60',
  'a=fmtp:124 apt=120',
  'a=fmtp:121 max-fs=12288;max-fr=60',
  'a=fmtp:125 apt=121',
  'a=rtcp-fb:120 nack pli',
  'a=rtcp-fb:121 transport-cc',
];
const REST = ['a=rtpmap:120 VP8/90000', 'a=rtpmap:121 VP9/90000', 'a=setup:actpass'];
const SESSION = ['v=0', 'o=mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0', 's=-', 't=0 0'];
const DATA = ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=mid:0', 'a=sctp-port:5000'];

describe('withOwnCodecsOnly', () => {
  it('leaves out what is said of codecs that are not offered', () => {
    const orphans = [
      'a=rtcp-fb:99 nack',
      'a=rtcp-fb:123 ccm fir',
      'a=fmtp:99 profile=0',
      'a=rtpmap:122 red/90000',
    ];
    const written = lines(...SESSION, ...DATA, ...VIDEO, ...orphans, ...REST);
    expect(withOwnCodecsOnly(written)).toBe(lines(...SESSION, ...DATA, ...VIDEO, ...REST));
  });

  it('looks at each section by itself', () => {
    const audio = [
      'm=audio 9 UDP/TLS/RTP/SAVPF 109',
      'a=rtpmap:109 opus/48000/2',
      'a=fmtp:109 useinbandfec=1',
    ];
    const written = lines(
      ...SESSION,
      ...audio,
      'a=rtcp-fb:120 nack',
      ...VIDEO,
      'a=rtcp-fb:109 nack',
      ...REST,
    );
    expect(withOwnCodecsOnly(written)).toBe(lines(...SESSION, ...audio, ...VIDEO, ...REST));
  });

  it.each([
    ['a description without orphans', lines(...SESSION, ...DATA, ...VIDEO, ...REST)],
    ['feedback for every codec', lines(...SESSION, ...VIDEO, 'a=rtcp-fb:* nack', ...REST)],
    ['data channels alone', lines(...SESSION, ...DATA)],
    ['nothing', ''],
  ])('changes no byte of %s', (_, written) => {
    expect(withOwnCodecsOnly(written)).toBe(written);
  });
});
