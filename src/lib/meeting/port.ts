import type { FilePort } from '../files/file-port';
import type { SessionClient } from '../worker/client';
import type { Peer } from './peer';

/** How files reach one peer: consent and progress by talk, bytes by the worker. */
export function portOf(peer: Peer, session: SessionClient): FilePort {
  return {
    talk: (message) => peer.send(message),
    send: (file, source, from) =>
      session.post({ type: 'send-file', connection: peer.tag ?? '', file, source, from }),
    moveWindow: (file, records) => session.post({ type: 'file-window', file, records }),
    pause: (file, isPaused) => session.post({ type: 'pause-file', file, isPaused }),
    stop: (file) => session.post({ type: 'stop-file', file }),
    receive: async (file, size) =>
      (await session.call('receive-file', { connection: peer.tag ?? '', file, size })).from,
  };
}
