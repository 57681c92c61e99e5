import { dirname, resolve } from 'node:path'
import {
  DEFAULT_STATISTICS,
  type StatisticsResolution,
  type StatisticsSettings,
} from '../../core/control/statistics.ts'
import type { Problems } from '../document/problems.ts'
import type { DocumentValues } from '../schema/document-schema.ts'

/** What statistics are kept. Undefined: none. @param file the document's */
export function readStatisticsSettings(
  { statistics: given }: DocumentValues,
  file: string,
  problems: Problems,
): StatisticsSettings | undefined {
  if (given === 'off' || given === false) return undefined
  if (given == null) return DEFAULT_STATISTICS
  if (!given.enabled) return undefined
  return {
    resolutions: readResolutions(given.resolutions, problems),
    maxMemory: given.max_memory,
    file: given.file === undefined ? undefined : resolve(dirname(resolve(file)), given.file),
  }
}

/** The finest first. */
function readResolutions(
  given: readonly { readonly step: number; readonly keep: number }[],
  problems: Problems,
): readonly StatisticsResolution[] {
  const sorted = given.map((resolution, i) => ({ ...resolution, i })).sort((a, b) => a.step - b.step)
  for (const [n, { step, keep, i }] of sorted.entries()) {
    const at = ['statistics', 'resolutions', i]
    const finer = sorted[n - 1]
    if (keep < step)
      problems.error([...at, 'keep'], `this is shorter than the step of ${shown(step)}: keep at least one step`)
    if (finer === undefined) continue
    if (finer.step === step)
      problems.error(
        [...at, 'step'],
        `given twice: ${problems.place(['statistics', 'resolutions', finer.i])} has steps of ${shown(step)}, too. Remove one of them`,
      )
    else if (step % finer.step !== 0)
      problems.error(
        [...at, 'step'],
        `this is no multiple of the finer step of ${shown(finer.step)}: use ${shown(Math.ceil(step / finer.step) * finer.step)}`,
      )
  }
  return sorted.map(({ step, keep }) => ({ stepMs: step, keepMs: keep }))
}

function shown(ms: number): string {
  for (const [unit, length] of [
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const)
    if (ms % length === 0) return `${ms / length}${unit}`
  return `${ms / 1000}s`
}
