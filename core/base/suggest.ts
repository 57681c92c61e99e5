/**
 * The candidate that somebody most likely meant who wrote `word`; undefined if none is near enough. Case, `-`, `_` and spaces
 * do not count. Takes bounded time for each candidate, and compares only a bounded number of those that look alike.
 *
 * @example suggest('time_out', ['timeout', 'retries']) // 'timeout'
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normal(word)
  const letters = lettersOf(wanted)
  let best: string | undefined
  let work = 0
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  if (wanted.length > LONGEST) return undefined
  for (const candidate of candidates) {
    const name = normal(candidate)
    const longer = Math.abs(name.length - wanted.length)
    if (name.length > LONGEST || longer > MOST_LONGER || longer >= least) continue
    const others = lettersOf(name)
    // One edit adds or removes one letter at most.
    if (bits(letters & ~others) >= least || bits(others & ~letters) >= least) continue
    work += wanted.length * Math.min(name.length, 2 * least)
    if (work > MOST_WORK) break
    const d = distance(wanted, name, least)
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

const LONGEST = 64
const MOST_LONGER = 8
/** Pairs of letters that one call compares: less than a millisecond. The word may come from a client, the candidates be thousands. */
const MOST_WORK = 100_000

const normal = (s: string): string => s.toLowerCase().replaceAll(/[-_ ]/g, '')

/** One bit per letter of a text; letters may share a bit. */
function lettersOf(text: string): number {
  let set = 0
  for (let i = 0; i < text.length; i++) set |= 1 << (text.charCodeAt(i) & 31)
  return set
}

function bits(set: number): number {
  let count = 0
  for (let rest = set; rest !== 0; rest &= rest - 1) count++
  return count
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

/**
 * Number of edits from a to b: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). Any number
 * from `limit` on stands for "too many": only cells near the diagonal can be less (Ukkonen, 1985).
 */
function distance(a: string, b: string, limit: number): number {
  let [before, last, row]: readonly Uint8Array[] = ROWS
  for (let j = 0; j <= b.length; j++) last[j] = j
  for (let i = 1; i <= a.length; i++) {
    const from = Math.max(1, i - limit)
    const to = Math.min(b.length, i + limit)
    row[from - 1] = from === 1 ? i : limit
    let least = row[from - 1]!
    for (let j = from; j <= to; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2]! + 1)
      row[j] = d
      least = Math.min(least, d)
    }
    row[to + 1] = limit
    // A swap starts two rows back, but costs one, so that it gets no lower than the row between.
    if (least >= limit) return limit
    ;[before, last, row] = [last, row, before]
  }
  return last[b.length]!
}

const ROWS = [new Uint8Array(LONGEST + 2), new Uint8Array(LONGEST + 2), new Uint8Array(LONGEST + 2)] as const
