import type { FilterFactory } from '../../api/filter-factory.ts'
import { checkFactory, checkFilter } from '../../build/factory-check.ts'
import { checkOptions } from '../../build/option-check.ts'
import { FilterBench } from '../filter-bench.ts'
import { endpointOf } from '../test-endpoint.ts'
import { describe } from './found-problems.ts'
import { RULE_NAMES, type Rule } from './rule.ts'
import type { Subject } from './subject.ts'

/** The factory has the shape that `defineFilter` asks for. */
export const SHAPE: Rule<Subject> = {
  name: RULE_NAMES.shape,
  first: true,
  check({ factory }) {
    try {
      checkFactory(factory)
      return []
    } catch (error) {
      return [(error as Error).message]
    }
  },
}

const UNKNOWN = 'no-such-option'

/** Options are validated, and what is misspelled is named. */
export const OPTIONS: Rule<Subject> = {
  name: RULE_NAMES.options,
  first: true,
  check({ factory, setup }) {
    const given = setup.options ?? {}
    const parsed = problemsWith(factory, given)
    if (parsed.length > 0) {
      const whose = setup.options === undefined ? 'without options' : 'with the given options'
      return parsed.map(
        (problem) => `${whose} the filter can't be made: ${problem}; conform(filter, { options: { … } })`,
      )
    }
    const unknown = problemsWith(factory, { ...given, [UNKNOWN]: true })
    if (unknown.some((problem) => problem.includes(UNKNOWN))) return []
    return [
      unknown.length === 0
        ? 'an unknown option is accepted, so that a misspelled one changes nothing: use z.strictObject({ … })'
        : 'an unknown option is refused, but not named: use z.strictObject({ … })',
    ]
  },
}

function problemsWith(factory: FilterFactory, options: Readonly<Record<string, unknown>>): string[] {
  const { problems = [] } = checkOptions(factory, { options, at: [] })
  return problems.map(({ path, message, found }) => {
    const where = path.length === 0 ? '' : `${path.join('.')}: `
    return `${where}${message}${found === undefined ? '' : `, found ${found}`}`
  })
}

/** `create` makes filters, several at once, and `dispose` frees what they hold. */
export const INSTANCES: Rule<Subject> = {
  name: RULE_NAMES.instances,
  first: true,
  async check({ factory, setup }) {
    const endpoints = [endpointOf(setup.endpoint ?? {}), endpointOf({ ...setup.endpoint, name: 'another' })] as const
    const bench = new FilterBench(endpoints, setup.services)
    const make = (name: string, at: 0 | 1) =>
      bench.make(factory, setup.options, {
        name,
        ...(factory.perEndpoint === true ? { endpoint: endpoints[at] } : {}),
        ...(setup.baseDir === undefined ? {} : { baseDir: setup.baseDir }),
      })
    let first: Awaited<ReturnType<typeof make>>
    try {
      first = await make(factory.name, 0)
      checkFilter(first.filter, factory)
    } catch (error) {
      return [`create() fails: ${describe(error)}`]
    }
    let second: typeof first
    try {
      // As it is for two endpoints with options of their own, and while a reload replaces one.
      second = await make('another', 1)
    } catch (error) {
      const mend = 'register metrics, and open what can be there once, in env.share(key, { scope: "factory", … })'
      return [`create() fails while there is another instance: ${describe(error)}; ${mend}`]
    }
    return [...(await disposalProblems(first)), ...(await disposalProblems(second)), ...leftovers(bench)]
  },
}

async function disposalProblems({ filter, dispose }: Awaited<ReturnType<FilterBench['make']>>): Promise<string[]> {
  try {
    await dispose()
  } catch (error) {
    return [`dispose() fails: ${describe(error)}`]
  }
  try {
    await filter.dispose?.()
    return []
  } catch (error) {
    return [`dispose() fails when it is called a second time: ${describe(error)}; let it do nothing then`]
  }
}

function leftovers({ timers, meter }: FilterBench): string[] {
  const problems: string[] = []
  if (timers.size > 0) problems.push(`dispose() leaves ${timers.size} deadlines of env.timers: cancel them there`)
  for (const name of meter.names)
    problems.push(`dispose() leaves the metric ${name}: call there what env.meter.register() returned`)
  return problems
}
