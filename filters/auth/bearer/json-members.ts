/**
 * Whether an object in a JSON text has two members of one name, at any depth. Which of them counts differs between parsers, so what one
 * component has checked another would read differently (RFC 7519 §4, RFC 8259 §4).
 * @param text valid JSON
 */
export function hasDuplicateMembers(text: string): boolean {
  /** The names of the objects that are open; undefined for a list. */
  const open: (Set<string> | undefined)[] = []
  let atName = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      const end = endOfString(text, at)
      const names = open.at(-1)
      if (atName && names !== undefined) {
        // Escapes: "\u0061" is "a".
        const name = JSON.parse(text.slice(at, end)) as string
        if (names.has(name)) return true
        names.add(name)
        atName = false
      }
      at = end - 1
    } else if (char === '{') {
      open.push(new Set())
      atName = true
    } else if (char === '[') {
      open.push(undefined)
      atName = false
    } else if (char === '}' || char === ']') {
      open.pop()
      atName = false
    } else if (char === ',') atName = open.at(-1) !== undefined
  }
  return false
}

/** Position after the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
