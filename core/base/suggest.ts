/**
 * The candidate that somebody most likely meant who wrote `word`; undefined if none is near enough. Case, `-`, `_` and spaces
 * do not count.
 *
 * @example suggest('time_out', ['timeout', 'retries']) // 'timeout'
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const normal = (s: string): string => s.toLowerCase().replaceAll(/[-_ ]/g, '')
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const d = distance(normal(word), normal(candidate))
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

/**
 * A sentence for the end of an error message, with a space before it; empty if no candidate is near enough.
 *
 * @example throw new Error(`unknown plan "${plan}".${didYouMean(plan, plans)}`) // unknown plan "gild". Did you mean "gold"?
 */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = suggest(word, candidates)
  return near === undefined ? '' : ` Did you mean "${near}"?`
}

/** Number of edits from a to b: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 64 || b.length > 64) return Infinity
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2]! + 1)
      row.push(d)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
