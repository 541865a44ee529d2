/** What is measured of one path in one round. */
export type Samples = Record<string, number[]>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest value that is not below `share` of all (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The ratio of two paths round by round: they ran one after the other, so what else the machine did weighs on both. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.slice(0, theirs.length).map((value, round) => value / theirs[round]!);
}

/**
 * Measures every path once a round, round by round, each round in another order (ABAB, BABA), so that neither drift nor
 * a warm cache favours one.
 */
export async function interleaved(
  names: readonly string[],
  rounds: number,
  measure: (name: string) => Promise<number>,
): Promise<Samples> {
  const samples: Samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) samples[name]!.push(await measure(name));
  }
  return samples;
}
