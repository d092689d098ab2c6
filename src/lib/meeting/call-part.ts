import type { CallPort } from '../calls/call-port';
import { Calls, type CallsOptions } from '../calls/calls.svelte';
import { MediaSections } from '../peer/media-sections';
import { ParleyError } from '../protocol/errors';
import type { ParticipantId } from '../protocol/ids';
import type { SessionClient } from '../worker/client';
import type { Peer } from './peer';

/** What a meeting loads when somebody wants a call. */
export class CallPart {
  readonly calls: Calls;
  readonly #session: SessionClient;

  constructor(options: CallsOptions, session: SessionClient) {
    this.calls = new Calls(options);
    this.#session = session;
  }

  attach(participant: ParticipantId, name: string, peer: Peer): void {
    this.calls.attach(participant, name, portOf(peer, this.#session));
  }
}

/** How a call reaches one peer, over the connection that it has now. */
function portOf(peer: Peer, session: SessionClient): CallPort {
  const line = peer.line;
  // Made when messages pass, and over what else would they?
  if (line === null) throw new ParleyError('internal/fault');
  let onTrack: Parameters<CallPort['onTrack']>[0] = () => undefined;
  let sections: MediaSections | null = null;
  return {
    talk: (message) => peer.send(message),
    prepare: (isSealed) => {
      sections = line.useMedia(
        (pc) =>
          new MediaSections(pc, {
            transform: (direction, source) =>
              isSealed ? session.mediaTransform({ connection: line.tag, direction, source }) : null,
            received: (source, track) => onTrack(source, track),
          }),
      );
      // The end that made the first offer makes this one too; the other finds what it needs in it.
      if (!line.isPolite) sections.add();
    },
    send: (source, track, tuning) => sections?.send(source, track, tuning),
    onTrack: (listener) => {
      onTrack = listener;
    },
    statistics: () => line.statistics(),
    refused: () => line.refusedFrames,
  };
}
