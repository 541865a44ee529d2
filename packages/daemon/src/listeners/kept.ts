import type { Duplex } from 'node:stream';

/** What a client may say while it waits; the rest stays in its own buffers. */
const MOST = 65_536;

/**
 * Reads on from a client that has to wait, since a paused socket would not tell that it has left. `gone` is raised when it
 * has; `release` pauses it again and answers all that it has said, `first` included.
 */
export function kept(stream: Duplex, first: Buffer): { gone: AbortSignal; release(): Buffer } {
  const left = new AbortController();
  const said = [first];
  let length = first.length;
  const read = (chunk: Buffer) => {
    said.push(chunk);
    length += chunk.length;
    if (length > MOST) stream.pause();
  };
  const gone = () => left.abort();
  stream.on('data', read).on('end', gone).on('close', gone);
  if (stream.destroyed) gone();
  else stream.resume();
  return {
    gone: left.signal,
    release: () => {
      stream.pause();
      stream.off('data', read).off('end', gone).off('close', gone);
      return Buffer.concat(said);
    },
  };
}
