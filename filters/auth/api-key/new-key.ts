import { randomInt } from 'node:crypto'

/** By it a key is known as such, by people and by what looks for secrets in texts. */
const PREFIX = 'weir_'
/** Letters and digits: a double click selects all of them, and nothing escapes them. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Of 62 letters: 256 bits. */
const LENGTH = 43

const letters = (length: number): string => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('')

/** A new random key. */
export const newKey = (): string => PREFIX + letters(LENGTH)

/** A name for a key that has none. */
export const newKeyId = (): string => `key-${letters(8)}`
