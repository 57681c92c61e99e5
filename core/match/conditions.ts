import type { Condition, Match, ValuePattern } from '../api/endpoint.ts'
import type { HeaderList } from '../api/header-list.ts'
import { expressionOf, MAX_SUBJECT } from './expression.ts'

/** What a route is decided by. */
export interface RouteRequest {
  /** `host[:port]` as the client sent it. */
  readonly host: string
  readonly method: string
  /** As it came, without the query. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  readonly headers: Pick<HeaderList, 'get' | 'all' | 'has'>
}

/** An expression would have to be tried on a longer text than is good for anybody. */
export class TooLongError extends Error {
  readonly part: 'path' | 'header' | 'query' | 'cookie'

  constructor(part: TooLongError['part'], name: string) {
    super(`${part}${name === '' ? '' : ` "${name}"`} of more than ${MAX_SUBJECT} characters`)
    this.part = part
  }
}

type Part = 'header' | 'query' | 'cookie'
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
    return expression.matches(value)
  }
}

/** A request of a browser that asks which methods another origin may use (Fetch §4.8). */
const isPreflight = ({ method, headers }: RouteRequest): boolean =>
  method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')

/** The method that a request asks for: of a preflight the one that is to follow. */
const methodOf = (request: RouteRequest): string =>
  isPreflight(request) ? request.headers.get('access-control-request-method')! : request.method

/** Text that is equal for equal conditions, in whatever order they stand. */
export function conditionsText({ methods, headers, query, cookies }: Match): string {
  const sorted = (list: readonly Condition[]): string[] => list.map((one) => JSON.stringify(one)).toSorted()
  const lists = [methods.toSorted(), sorted(headers), sorted(query), sorted(cookies)]
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
    this.methods = new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)
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
  failed(request: RouteRequest): string | undefined {
    for (const { part, name, test } of this.#tests) {
      // A browser sends neither the fields nor the cookies of the request that is to follow.
      if (part !== 'query' && isPreflight(request)) continue
      if (!test(givenBy(request, part, name), part, name)) return `${part} "${name}"`
    }
    return this.methods.size === 0 || this.methods.has(methodOf(request)) ? undefined : 'method'
  }
}

function givenBy({ headers, query }: RouteRequest, part: Part, name: string): string | undefined {
  if (part === 'query') return queryValue(query, name)
  if (part === 'cookie') return cookieValue(headers.all('cookie'), name)
  const all = headers.all(name)
  return all.length === 0 ? undefined : all.join(', ')
}

/** The first value of a key, decoded as `application/x-www-form-urlencoded` (URL Standard §5.1). */
function queryValue(query: string, name: string): string | undefined {
  return query.length < 2 ? undefined : (new URLSearchParams(query).get(name) ?? undefined)
}

/** The first cookie of a name (RFC 6265 §4.2). */
function cookieValue(fields: readonly string[], name: string): string | undefined {
  for (const field of fields)
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=')
      if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
    }
  return undefined
}
