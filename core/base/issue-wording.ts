/** An issue of Standard Schema. zod adds the allowed values. */
export interface Issue {
  readonly message: string
  readonly values?: readonly unknown[] | undefined
}

/** What messages call the types of zod and JSON Schema. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

/**
 * The message of an issue: zod's own text in the words of the configuration, the text of a schema's author as it is.
 * @param value what was found
 */
export function wordIssue(issue: Issue, value?: unknown): string {
  const text = worded(issue)
  // A key of digits alone, for instance, whether it is written or comes from the environment.
  const read = typeof value === 'number' ? 'a number' : typeof value === 'boolean' ? `"${value}"` : undefined
  return read === undefined ? text : text.replace(/^expected a text\b/, `$& in quotes (YAML reads this as ${read})`)
}

function worded({ message, values }: Issue): string {
  const [, kind] = /^Invalid input: expected (\w+), received .+$/.exec(message) ?? []
  if (kind !== undefined) return `expected ${KINDS[kind] ?? kind}`
  if (values !== undefined && /^Invalid (?:input|option): expected /.test(message))
    return `expected ${values.length > 1 ? 'one of ' : ''}${values.map((value) => JSON.stringify(value)).join(', ')}`
  const size = /^Too (?:small|big): expected (\w+) to (?:be|have) (>=|<=|>|<|exactly )(\S+)(?: \w+)?$/.exec(message)
  if (size !== null) return wordSize(size[1]!, size[2]!, size[3]!)
  return message === 'Invalid input' ? 'expected something else' : message.replace(/^Invalid input: /, '')
}

const COMPARISONS: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '<=': 'at most',
  '>': 'more than',
  '<': 'less than',
  'exactly ': 'exactly',
}

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  array: [' entry', ' entries'],
  string: [' character', ' characters'],
}

function wordSize(origin: string, comparison: string, limit: string): string {
  if (comparison === '>=' && limit === '1') {
    if (origin === 'array') return 'expected a list with at least one entry'
    if (origin === 'string') return "expected a text that isn't empty"
  }
  const [one, many] = UNITS[origin] ?? ['', '']
  return `expected ${COMPARISONS[comparison]} ${limit}${limit === '1' ? one : many}`
}
