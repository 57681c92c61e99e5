import { isSecret, maskText } from '../../core/base/masking.ts'
import type { ConfigFile } from '../document/config-file.ts'

const WIDTH = 100

/** The line at a place with a caret under the column; empty if there is no such line, or if it may show a secret. */
export function excerpt(file: ConfigFile, line: number, col: number, paint: (text: string) => string): string {
  const lines = file.text.split(/\r?\n/, line)
  const text = lines[line - 1]
  if (text === undefined || revealsSecret(lines)) return ''
  // Only the part around the column of a very long line.
  const start = col > WIDTH ? col - WIDTH / 2 : 0
  const part = printable(text.slice(start, start + WIDTH))
  const margin = ' '.repeat(String(line).length)
  const indent = part.slice(0, col - 1 - start).replaceAll(/[^\t]/g, ' ')
  return `  ${margin} |\n  ${line} | ${part}\n  ${margin} | ${indent}${paint('^')}\n`
}

/** Number of lines above that are searched for the start of a quotation or of brackets. */
const LONGEST_QUOTATION = 200
/** A key with a reference as its value, which may be shown. */
const NAMED_REFERENCE = /[\w.-]+["']?\s*:\s+(["']?)\$\{\w+\}\1(?=\s*(?:$|#|[,}\]]))/g
/** A key of a mapping, and the rest of its line. */
const KEY = /^[\s\-{[,]*(["']?)([^\s"'{[#:][^"':]*)\1\s*:(?=\s|$)/

/**
 * True if the last of these lines may show a secret. The text may be invalid YAML, so a line that may belong to the value
 * of a secret key above it counts too.
 */
function revealsSecret(lines: readonly string[]): boolean {
  const line = lines.at(-1)!
  const own = line.replaceAll(NAMED_REFERENCE, '')
  if (maskText(own) !== own) return true
  const hasKey = KEY.test(line)
  let below = indentOf(line) + (hasKey ? 0 : 1)
  let isNext = !hasKey
  for (let i = lines.length - 2; i >= 0; i--) {
    if (below === 0 && !isNext && i < lines.length - LONGEST_QUOTATION) break
    const above = lines[i]!
    if (/^\s*(?:#|$)/.test(above)) continue
    const named = namesSecret(above)
    // Text without a key belongs to the key before it, and so does a quotation that is not closed.
    if (named && (isNext || isOpen(above))) return true
    if (KEY.test(above)) isNext = false
    if (indentOf(above) >= below) continue
    if (named) return true
    below = indentOf(above)
  }
  // Text without any key above may be a file with a secret, given by mistake.
  return isNext
}

const indentOf = (line: string): number => line.length - line.trimStart().length

const namesSecret = (line: string): boolean =>
  [...line.matchAll(/([\w.-]+)["']?\s*:(?:\s|$)/g)].some(([, key]) => isSecret(key!))

/** An odd number of one kind of quotation marks, or a bracket that is not closed. */
const isOpen = (line: string): boolean =>
  count(line, '"') % 2 === 1 ||
  count(line, "'") % 2 === 1 ||
  count(line, '{') > count(line, '}') ||
  count(line, '[') > count(line, ']')

const count = (line: string, letter: string): number => line.split(letter).length - 1

// biome-ignore lint/suspicious/noControlCharactersInRegex: a file must not steer the terminal
const printable = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\ufffd')
