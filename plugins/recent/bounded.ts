/** A text that is kept in memory when its request is over may hold on to this many characters besides its own. */
const SLACK = 256

/**
 * A text of at most `most` characters. What is cut off is freed: a part of a text keeps the whole in memory, unless it is copied.
 * @param more characters of a longer text that the given one may be a part of
 */
export function bounded(text: string, most: number, more = 0): string {
  if (text.length <= most && more <= SLACK) return text
  return Buffer.from(text.length > most ? `${text.slice(0, most - 1)}…` : text).toString()
}
