import type { Follow } from '@hoop/core';
import { LONGEST_HEAD } from './own.js';

const latin1 = new TextDecoder('latin1');
const SIZE = /^[0-9a-f]{1,12}(?=\s*(;|$))/i;

/**
 * Where a request ends that has a head of `head` bytes and these fields (RFC 9112 §6): by its length, by its chunks, or with its
 * head. Undefined: nobody can tell.
 */
export function followed(head: number, lengths: readonly string[], codings: readonly string[]): Follow | undefined {
  const [length = '0', ...more] = lengths;
  if (more.length > 0 || !/^\d{1,15}$/.test(length)) return undefined;
  if (codings.length === 0) return counted(head + Number(length));
  return lengths.length === 0 && codings.join().toLowerCase() === 'chunked' ? chunked(head) : undefined;
}

function counted(length: number): Follow {
  let left = length;
  return (bytes) => {
    const taken = Math.min(left, bytes.length);
    left -= taken;
    return taken;
  };
}

/** RFC 9112 §7.1: sizes and pieces, then trailers up to an empty line. What is not so has ended. */
function chunked(head: number): Follow {
  let skip = head;
  let line = '';
  let at: 'sizes' | 'trailers' | 'end' = 'sizes';
  const read = (text: string): void => {
    const size = Number.parseInt(SIZE.exec(text)?.[0] ?? '', 16);
    if (at === 'trailers' ? text.trim() === '' : Number.isNaN(size)) at = 'end';
    else if (at === 'sizes' && size === 0) at = 'trailers';
    else if (at === 'sizes') skip = size + 2;
  };
  return (bytes) => {
    let taken = 0;
    while (taken < bytes.length && at !== 'end') {
      const end = skip > 0 ? taken + skip : bytes.indexOf(0x0a, taken) + 1 || bytes.length;
      const piece = bytes.subarray(taken, end);
      taken += piece.length;
      if (skip > 0) skip -= piece.length;
      else {
        line += latin1.decode(piece);
        if (line.length > LONGEST_HEAD) at = 'end';
        if (!line.endsWith('\n')) continue;
        read(line);
        line = '';
      }
    }
    return taken;
  };
}
