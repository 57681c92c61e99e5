import { isDeepStrictEqual } from 'node:util'
import type { Chain } from '../../core/chain/chain.ts'
import { restartProblems } from '../live/needs-restart.ts'
import { inlineText } from '../read/shown-value.ts'
import { type Built, build, release } from './build.ts'
import { type Command, count, JSON_OPTION } from './command.ts'
import { type Change, compare } from './compare.ts'
import { patternsOf } from './routes.ts'
import { table } from './text-table.ts'

export const diff: Command = {
  name: 'diff',
  summary: 'show what a new configuration would change',
  takes: ['OLD', 'NEW'],
  options: { json: JSON_OPTION },
  text: `Compares the meaning of two configurations: endpoints, filters and their order, options and settings. How they are
written does not count. Then it shows which filters a reload from OLD to NEW would create again, and what needs a
restart. Both must be valid. The exit code is 0 whether there are differences or not.`,
  examples: [
    'weir diff weir.yaml new.yaml',
    'git show HEAD:weir.yaml > old.yaml && weir diff old.yaml weir.yaml --json',
  ],
  async run({ positionals }, host) {
    const old = await build(positionals[0]!, host)
    const next = await build(positionals[1]!, host, old)
    const found: Difference = {
      changes: [...compare(old.config, next.config), ...rerouted(old, next)],
      reload: reloaded(old, next),
      restart: needRestart(old, next),
    }
    await release(old, next)
    return { text: textOf(found), data: { ...found }, findings: next.findings }
  },
}

/** What a reload does with the filters of an endpoint, or of a listener before the route is known. */
interface Reloaded {
  readonly listener: string
  readonly endpoint: string | null
  /** New instances. */
  readonly made: readonly string[]
  /** Instances that are kept. */
  readonly kept: readonly string[]
}

interface Difference {
  readonly changes: readonly Change[]
  readonly reload: readonly Reloaded[]
  /** Changes that a reload would refuse. */
  readonly restart: readonly string[]
}

/** Patterns that lead to another endpoint than before, such as the name without a version when a version is added. */
function rerouted(old: Built, next: Built): Change[] {
  const before = idsByPattern(old)
  return [...idsByPattern(next)].flatMap(([pattern, id]): Change[] => {
    const other = before.get(pattern)
    if (other === undefined || other === id) return []
    return [{ what: `route ${pattern}`, change: 'changed', name: 'endpoint', old: other, new: id }]
  })
}

function idsByPattern({ config: { spec }, snapshot }: Built): Map<string, string> {
  const listener = spec.listeners.find(({ routes }) => routes)
  const chain = listener && snapshot.chains.get(listener.name)
  if (chain === undefined) return new Map()
  return new Map(
    spec.endpoints.flatMap(({ endpoint }) =>
      patternsOf(endpoint, chain).map((pattern): [string, string] => [pattern, endpoint.id]),
    ),
  )
}

function reloaded(old: Built, next: Built): Reloaded[] {
  const before = new Set(instancesOf(old).map(({ filter }) => filter))
  return [...next.snapshot.chains.values()].flatMap((chain) =>
    lanesOf(chain).map(([endpoint, filters]) => {
      const named = (kept: boolean): string[] =>
        filters.flatMap((one) => (one !== undefined && before.has(one.filter) === kept ? [one.name] : []))
      return { listener: chain.listener, endpoint, made: named(false), kept: named(true) }
    }),
  )
}

const instancesOf = ({ snapshot }: Built) => [...snapshot.chains.values()].flatMap((chain) => [...chain.instances])
/** The filters of a chain before the route is known, and those of each endpoint. */
const lanesOf = (chain: Chain): [endpoint: string | null, filters: Chain['parts']['base']][] => [
  [null, chain.parts.base],
  ...Array.from(chain.parts.endpoints.keys(), (id): [string, Chain['parts']['base']] => [id, chain.filtersOf(id)!]),
]

function needRestart({ config: old }: Built, { config: next }: Built): string[] {
  const addresses = ({ spec }: Built['config']) => spec.listeners.map(({ name, host, port }) => [name, host, port])
  return [
    ...(isDeepStrictEqual(addresses(old), addresses(next)) ? [] : ['the addresses of the listeners']),
    ...restartProblems(old.settings, next.settings).map(({ path }) => path.join('.')),
  ]
}

function textOf({ changes, reload, restart }: Difference): string {
  const anew = reload.filter(({ made }) => made.length > 0)
  if (changes.length === 0 && anew.length === 0 && restart.length === 0) return 'Nothing changes.\n'
  const rows = anew.map(({ listener, endpoint, made, kept }) => [
    endpoint ?? `before the route is known, ${listener}`,
    made.join(', '),
    kept.length === 0 ? '' : `carried over: ${kept.join(', ')}`,
  ])
  const untouched = reload.length - anew.length
  const whole = untouched === 0 ? '' : `Carried over whole: ${count(untouched, 'chain')}\n`
  return [
    changes.map((change) => `${lineOf(change)}\n`).join(''),
    `${rows.length === 0 ? '' : `Made anew:\n${table(rows, '  ')}`}${whole}`,
    restart.length === 0 ? '' : `A reload refuses all changes, because these need a restart: ${restart.join(', ')}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

const SIGNS: Readonly<Record<Change['change'], string>> = {
  added: '+',
  removed: '-',
  moved: '~',
  changed: '~',
  off: '~',
  on: '~',
}

function lineOf(change: Change): string {
  const { what, name, old, new: next } = change
  const head = `${SIGNS[change.change]} ${what}`
  if (change.change === 'added' || change.change === 'removed') return head
  if (change.change === 'off' || change.change === 'on') return `${head}: ${change.change}`
  const [before, after] = [valueText(change, 'old'), valueText(change, 'new')]
  if (change.change === 'moved') return `${head}: ${old}, now ${next}`
  // Two secrets, or two values of one reference, look the same.
  return before === after
    ? `${head}, ${name}: changed, not shown (${before})`
    : `${head}, ${name}: ${before} → ${after}`
}

const valueText = (change: Change, side: 'old' | 'new'): string =>
  side in change ? inlineText(change[side]) : 'nothing'
