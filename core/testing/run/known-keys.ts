import { didYouMean } from '../../base/suggest.ts'

/** @throws TypeError for a key that is not known: a misspelled one would change nothing, and the test would mean nothing */
export function checkKeys(given: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(given))
    if (!known.includes(key))
      throw new TypeError(`${what} has no key "${key}".${didYouMean(key, known)} It has: ${known.join(', ')}.`)
}
