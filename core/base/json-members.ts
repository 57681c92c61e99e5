/** An object or a list that is open. */
interface Open {
  /** Names so far; undefined for a list. */
  readonly names: Set<string> | undefined
  /** Name, or position in a list, of the member that is being read. */
  at: string | number
}

/**
 * The path of the first member of an object in a JSON text that has the name of an earlier one, at any depth; undefined if there is none.
 * Which of them counts differs between parsers, so what one component has checked another would read differently (RFC 7519 §4,
 * RFC 8259 §4).
 *
 * @example duplicateMember('{"a":[{"b":1,"b":2}]}') // ['a', 0, 'b']
 * @param text valid JSON
 */
export function duplicateMember(text: string): readonly (string | number)[] | undefined {
  const open: Open[] = []
  let atName = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    const inside = open.at(-1)
    if (char === '"') {
      const end = endOfString(text, at)
      if (atName && inside?.names !== undefined) {
        // Escapes: "\u0061" is "a".
        const name = JSON.parse(text.slice(at, end)) as string
        inside.at = name
        if (inside.names.has(name)) return open.map((one) => one.at)
        inside.names.add(name)
        atName = false
      }
      at = end - 1
    } else if (char === '{') {
      open.push({ names: new Set(), at: '' })
      atName = true
    } else if (char === '[') {
      open.push({ names: undefined, at: 0 })
      atName = false
    } else if (char === '}' || char === ']') {
      open.pop()
      atName = false
    } else if (char === ',' && inside !== undefined) {
      atName = inside.names !== undefined
      if (typeof inside.at === 'number') inside.at++
    }
  }
  return undefined
}

/** Position after the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
