import type { Logger } from '../api/logger.ts'
import { FileCheck } from '../base/file-digests.ts'
import { maskText } from '../base/masking.ts'
import type { RestartDue } from '../control/config-control.ts'
import type { PluginCode } from '../control/plugin-code.ts'

/**
 * Plugins whose code is another on disk now than in a process that runs it.
 * @param own what this process runs
 * @param workers what each worker runs, by number
 */
export function restartDue(own: PluginCode, workers: ReadonlyMap<number, PluginCode> = new Map()): RestartDue[] {
  const disk = new FileCheck()
  const due = new Map<string, number[]>()
  for (const [plugin, files] of own) if (disk.changed(files)) due.set(plugin, [])
  for (const [number, code] of [...workers].toSorted(([a], [b]) => a - b))
    for (const [plugin, files] of code) if (disk.changed(files)) due.set(plugin, [...(due.get(plugin) ?? []), number])
  return Array.from(due, ([plugin, numbers]) => ({ plugin: maskText(plugin), workers: numbers }))
}

/** Logs each plugin for which a restart has become due, once as long as it is. */
export class RestartNotice {
  readonly #find: () => readonly RestartDue[]
  readonly #log: Logger
  #told: ReadonlySet<string> = new Set()

  constructor(find: () => readonly RestartDue[], log: Logger) {
    this.#find = find
    this.#log = log
  }

  /** What is due now. */
  check(): readonly RestartDue[] {
    const due = this.#find()
    for (const { plugin, workers } of due) {
      if (this.#told.has(plugin)) continue
      const who = workers.length === 0 ? 'runs' : `worker ${workers.join(', ')} runs`
      this.#log.warn({ plugin, workers }, `restart due: the code of the plugin "${plugin}" on disk is not what ${who}`)
    }
    this.#told = new Set(due.map(({ plugin }) => plugin))
    return due
  }
}
