/** Pieces with the bytes `from` to `to` (offsets over all of them) replaced. */
export function replaceBytes(
  pieces: readonly Uint8Array[],
  from: number,
  to: number,
  bytes: readonly Uint8Array[],
): Uint8Array[] {
  return [...slice(pieces, 0, from), ...bytes, ...slice(pieces, to, Number.POSITIVE_INFINITY)];
}

/** The bytes `from` to `to`, offsets over all pieces. */
export function slice(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const start = Math.max(0, from - at);
    const end = Math.min(piece.length, to - at);
    if (start < end) out.push(piece.subarray(start, end));
    at += piece.length;
  }
  return out;
}
