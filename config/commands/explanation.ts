import { inlineText, placeOf, type ShownOption } from '../read/shown-value.ts'
import { inBrackets } from './switched-by.ts'
import { table } from './text-table.ts'

/** A decision that only the running gateway knows. */
export const UNKNOWN = 'not known without running it'

/** How a request ends. */
export type End =
  | {
      readonly kind: 'reply'
      readonly filter: string
      readonly status: number
      readonly reason: string
      readonly detail: string | null
    }
  | {
      readonly kind: 'call'
      readonly filter: string
      /** The target as it is written; null if the filter has none, or if its choice is not known. */
      readonly url: string | null
    }
  | { readonly kind: 'unknown'; readonly because: string }

/** What a filter of the chain does with the request. */
export interface ExplainedFilter {
  /** Its name in the chain. */
  readonly name: string
  readonly filter: string
  /** Absent for the default chain, which is not in a file. */
  readonly file?: string
  readonly line?: number | undefined
  /** Who says whether it is on: `chain`, `endpoint` or `group NAME`. */
  readonly by: string
  readonly decision: string
  readonly options: readonly ShownOption[]
  readonly notes: readonly string[]
}

/** What would happen to a request. */
export interface Explained {
  readonly request: { readonly method: string; readonly url: string; readonly listener: string }
  readonly endpoint: {
    readonly id: string
    /** What led to the endpoint. */
    readonly route: string
    /** The rest of the path. */
    readonly path: string
    readonly file: string
    readonly line: number | undefined
  } | null
  /** In the order of the chain. */
  readonly filters: readonly ExplainedFilter[]
  readonly end: End
}

export function textOf({ request, endpoint, filters, end }: Explained): string {
  const head = `${request.method} ${request.url}\nlistener ${request.listener}\n`
  const led =
    endpoint === null
      ? 'no endpoint\n'
      : `endpoint ${endpoint.id} (${placeOf(endpoint)}), by ${endpoint.route}${endpoint.path === '' ? '' : `; with the path ${endpoint.path}`}\n`
  const width = Math.max(...filters.map(({ name }) => name.length))
  const place = Math.max(...filters.map((filter) => placed(filter).length))
  const steps = filters.map((filter, i) => {
    const line = `${String(i + 1).padStart(2)}  ${filter.name.padEnd(width)}  ${placed(filter).padEnd(place)}  ${filter.decision}${filter.by === 'chain' ? '' : inBrackets(filter.by)}\n`
    // A filter that is off or not reached has no options in force.
    if (filter.decision === 'off' || filter.decision === 'not reached') return line
    const options = filter.options.map((option) => [
      `${option.name}: ${inlineText(option.value)}`,
      option.default === true ? 'default' : placeOf(option),
    ])
    return line + table(options, '      ') + filter.notes.map((note) => `      - ${note}\n`).join('')
  })
  return `${head}${led}\n${steps.join('')}\n${ending(end, filters)}\n`
}

const placed = (filter: ExplainedFilter): string => placeOf(filter) || '(default chain)'

function ending(end: End, filters: readonly ExplainedFilter[]): string {
  const unsure = filters.filter(({ decision }) => decision === UNKNOWN).map(({ name }) => `"${name}"`)
  const provided =
    unsure.length === 0 ? '' : `, if ${unsure.join(' and ')} let${unsure.length === 1 ? 's' : ''} it pass`
  if (end.kind === 'unknown') return `The result is not known without running it: ${end.because}.`
  if (end.kind === 'call') return `"${end.filter}" ${end.url === null ? 'responds' : `calls ${end.url}`}${provided}`
  const detail = end.detail === null ? '' : ` ${end.detail}`
  return `"${end.filter}" responds with ${end.status} ${end.reason}${provided}.${detail}`
}
