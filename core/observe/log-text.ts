const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * A value as JSON in printable ASCII alone, its end cut off beyond `longest` characters. JSON itself may contain U+0085, U+2028
 * and C1 controls: some readers end a line there, and some terminals execute them.
 */
export function jsonText(value: string, longest = 256): string {
  const text = cut(value, longest)
  if (PLAIN.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A text of at most `longest` characters; `…` stands for the rest. */
export const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest)}…` : text

/** A text without its query, which may have secrets. */
export function withoutQuery(text: string): string {
  const end = text.search(/[?#]/)
  return end === -1 ? text : text.slice(0, end)
}
