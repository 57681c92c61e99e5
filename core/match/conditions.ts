import type { Condition, Match, ValuePattern } from '../api/endpoint.ts'
import { expressionOf, MAX_SUBJECT } from './expression.ts'
import type { Part, RequestValues } from './request-values.ts'

/** An expression would have to be tried on a longer text than is good for anybody. */
export class TooLongError extends Error {
  readonly part: 'path' | 'header' | 'query' | 'cookie'

  constructor(part: TooLongError['part'], name: string) {
    super(`${part}${name === '' ? '' : ` "${name}"`} of more than ${MAX_SUBJECT} characters`)
    this.part = part
  }
}

type Test = (value: string | undefined, part: Part, name: string) => boolean

function testOf(pattern: ValuePattern): Test {
  if ('any' in pattern) {
    const any = new Set(pattern.any)
    return (value) => value !== undefined && any.has(value)
  }
  if ('present' in pattern) return (value) => (value !== undefined) === pattern.present
  const expression = expressionOf(pattern.regex)
  return (value, part, name) => {
    if (value === undefined) return false
    if (value.length > MAX_SUBJECT) throw new TooLongError(part, name)
    return expression.matches(part === 'query' ? value : textOf(value))
  }
}

/** Fields arrive as bytes; expressions are about characters. */
const textOf = (value: string): string =>
  /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value

/** GET includes HEAD (RFC 9110 §9.3.2). */
const withHead = (methods: readonly string[]): Set<string> =>
  new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)

/** Text that is equal for equal conditions, in whatever order they and their values stand. */
export function conditionsText({ methods, headers, query, cookies }: Match): string {
  const inOrder = (value: ValuePattern): ValuePattern =>
    'any' in value ? { any: [...new Set(value.any)].toSorted() } : value
  const sorted = (list: readonly Condition[], nameOf = (name: string) => name): string[] =>
    list.map(({ name, value }) => JSON.stringify([nameOf(name), inOrder(value)])).toSorted()
  const fields = sorted(headers, (name) => name.toLowerCase())
  const lists = [[...withHead(methods)].toSorted(), fields, sorted(query), sorted(cookies)]
  return lists.every(({ length }) => length === 0) ? '' : JSON.stringify(lists)
}

/** Conditions of a match on what is no path. */
export class Conditions {
  static readonly none: Conditions = new Conditions({ methods: [], headers: [], query: [], cookies: [] })

  readonly methods: ReadonlySet<string>
  /** In the order of precedence: the larger comes first. */
  readonly rank: readonly number[]
  readonly #tests: readonly (Condition & { readonly part: Part; readonly test: Test })[]

  constructor({ methods, headers, query, cookies }: Pick<Match, 'methods' | 'headers' | 'query' | 'cookies'>) {
    this.methods = withHead(methods)
    this.rank = [Math.min(methods.length, 1), headers.length + cookies.length, query.length]
    const of = (part: Part, list: readonly Condition[]) =>
      list.map((one) => ({ ...one, part, test: testOf(one.value) }))
    this.#tests = [...of('header', headers), ...of('cookie', cookies), ...of('query', query)]
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.methods.size > 0 || this.#tests.length > 0
  }

  /**
   * Which condition a request does not meet: `method` only if it meets all others. Undefined: it meets all.
   * @throws TooLongError
   */
  failed(values: RequestValues): string | undefined {
    for (const { part, name, test } of this.#tests) {
      // A browser sends neither the fields nor the cookies of the request that is to follow.
      if (part !== 'query' && values.isPreflight) continue
      if (!test(values.get(part, name), part, name)) return `${part} "${name}"`
    }
    return this.methods.size === 0 || this.methods.has(values.method) ? undefined : 'method'
  }
}
