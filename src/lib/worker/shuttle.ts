import type { ShuttleDown, ShuttleUp } from './byte-channel';

/**
 * The page's half of a channel that its browser cannot transfer: bytes go by over a port, sealed. Returns the port for
 * the worker, whose other half is `ShuttledChannel`.
 */
export function shuttle(channel: RTCDataChannel): MessagePort {
  const { port1: port, port2: workerPort } = new MessageChannel();
  let sentBytes = 0;
  const post = (message: ShuttleUp, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  const reportBuffered = () => post({ type: 'buffered', bytes: channel.bufferedAmount, sentBytes });

  channel.binaryType = 'arraybuffer';
  channel.onopen = () => post({ type: 'opened' });
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0);
    post({ type: 'message', bytes }, [bytes.buffer]);
  };
  channel.onclose = () => {
    post({ type: 'closed' });
  };
  channel.onbufferedamountlow = reportBuffered;
  port.onmessage = ({ data }: MessageEvent<ShuttleDown>) => {
    switch (data.type) {
      case 'send':
        sentBytes += data.bytes.length;
        if (channel.readyState === 'open') channel.send(data.bytes);
        return reportBuffered();
      case 'low':
        channel.bufferedAmountLowThreshold = data.bytes;
        return reportBuffered();
      case 'close':
        return channel.close();
    }
  };
  if (channel.readyState === 'open') post({ type: 'opened' });
  return workerPort;
}
