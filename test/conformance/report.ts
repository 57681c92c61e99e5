import { LEVELS } from './case.ts'
import type { Result } from './engine.ts'

const passed = (results: readonly Result[]): string => {
  const good = results.filter(({ wrong }) => wrong.length === 0).length
  return `${good}/${results.length}`
}

/** A markdown table: a line a gateway, passed of all by level, and for requests and responses. */
export function table(runs: ReadonlyMap<string, readonly Result[]>): string {
  const isResponse = ({ id }: Result): boolean => id.startsWith('response ')
  const lines = [...runs].map(([name, results]) => {
    const cells = [
      ...LEVELS.map((level) => passed(results.filter((one) => one.case.level === level))),
      passed(results.filter((one) => !isResponse(one))),
      passed(results.filter(isResponse)),
      passed(results),
    ]
    return `| ${[name, ...cells].join(' | ')} |`
  })
  return [
    `| gateway | ${[...LEVELS, 'requests', 'responses', 'all'].join(' | ')} |`,
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

/** What failed, and why. */
export function failureList(name: string, results: readonly Result[]): string {
  const failures = results.filter(({ wrong }) => wrong.length > 0)
  if (failures.length === 0) return `\n${name}: nothing fails`
  const lines = failures.map(({ id, case: one, wrong }) => `- ${id} [${one.level}, ${one.source}]: ${wrong.join('; ')}`)
  return `\n${name}: ${failures.length} fail\n${lines.join('\n')}`
}
