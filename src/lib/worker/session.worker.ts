/// <reference lib="webworker" />
import { ParleyError } from '../protocol/errors';
import { FileStore } from './file-store';
import type { Command, WorkerEvent } from './messages';
import { Session } from './session';

declare const self: DedicatedWorkerGlobalScope;

const session = new Session(self.location.origin, (event: WorkerEvent) => self.postMessage(event));

// Set in the worker's first task: nothing that the page sent before is lost, and no frame passes unsealed.
self.onrtctransform = ({ transformer }) => session.transform(transformer);
self.onmessage = ({ data }: MessageEvent<Command>) => session.handle(data);

// Received files of windows that are long gone. A browser without a private file system has received none.
new FileStore().sweep(Date.now()).catch((cause: unknown) => {
  if (!(cause instanceof ParleyError)) throw cause;
});
