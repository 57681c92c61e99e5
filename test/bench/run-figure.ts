import type { FigureCase } from './cases.ts'
import { FIGURES } from './figures.ts'
import { judge } from './report.ts'
import type { Outcome } from './run-case.ts'
import { Sandbox } from './sandbox.ts'
import type { Settings } from './settings.ts'
import { spread } from './statistics.ts'

/** Takes a figure as often as it asks for, but not more often than there are rounds. */
export async function runFigureCase(
  { name, what, figure, unit, bound }: FigureCase,
  settings: Settings,
): Promise<Outcome> {
  const { take, times, unmeasured } = FIGURES[figure]
  const sandbox = new Sandbox()
  const values: number[] = []
  try {
    for (let i = 0; i < unmeasured; i++) await take(sandbox).finally(() => sandbox.stop())
    while (values.length < Math.min(times, settings.rounds))
      values.push(await take(sandbox).finally(() => sandbox.stop()))
  } finally {
    sandbox.close()
  }
  const value = spread(values)
  const line = { case: name, what, of: 'figure', unit, value, bound, verdict: judge(value.median, bound) } as const
  return { lines: [line], programs: [], leftOut: 0, missing: [] }
}
