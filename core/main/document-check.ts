import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import type { Submitted } from '../../config/live/submitted-document.ts'
import { errorText } from '../base/error-text.ts'
import { packageFile } from '../base/package-file.ts'
import { withTimeLimit } from '../base/time-limit.ts'
import type { ConfigProblem } from '../control/config-control.ts'
import type { Problem } from '../control/config-error.ts'
import { nodeOptions } from '../fleet/spawn-worker.ts'
import type { FromChild, ToChild } from './document-child.ts'

/** What a document is found to be. */
export interface CheckedDocument {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** Undefined if there are problems. */
  readonly config: Pick<LoadedConfig, 'spec' | 'settings'> | undefined
}

/** Finds the problems that need the filters. */
export type CheckPart = (part: Pick<LoadedConfig, 'spec' | 'settings'>) => Promise<readonly Problem[]>

/** Bytes of a text at most: the callers have the same limit. */
const MOST_BYTES = 4 * 1024 * 1024
/** Bounds of one check. */
export interface CheckLimits {
  /** MiB of the heap that reads the document. */
  readonly heapMib: number
  /** Time for all of it; milliseconds. */
  readonly timeMs: number
  /** Checks that may be under way or wait. */
  readonly atOnce: number
}

const LIMITS: CheckLimits = { heapMib: 512, timeMs: 20_000, atOnce: 16 }

/** Checks documents from outside, one after the other, each in a process that reads it and nothing else. */
export class DocumentCheck {
  readonly #limits: CheckLimits
  #busy: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  /** Never rejects. */
  async check(submitted: Submitted, more: CheckPart): Promise<CheckedDocument> {
    const failed = (message: string): CheckedDocument => ({
      problems: [{ file: submitted.main, path: '', message }],
      warnings: [],
      config: undefined,
    })
    if (Buffer.byteLength(submitted.text) > MOST_BYTES)
      return failed(`the document is larger than ${MOST_BYTES / 1024 ** 2} MiB`)
    if (this.#waiting >= this.#limits.atOnce) return failed('too many documents wait to be checked: try again later')
    this.#waiting++
    const result = this.#busy.then(() => checkInChild(submitted, more, this.#limits))
    this.#busy = result.catch(() => {})
    try {
      return await result
    } catch (error) {
      return failed(`the document could not be checked: ${errorText(error)}`)
    } finally {
      this.#waiting--
    }
  }
}

async function checkInChild(
  submitted: Submitted,
  more: CheckPart,
  { heapMib, timeMs }: CheckLimits,
): Promise<CheckedDocument> {
  const script = fileURLToPath(packageFile('core/launch.js'))
  const options = [...nodeOptions(process.execArgv), `--max-old-space-size=${heapMib}`]
  const child = spawn(process.execPath, [...options, script, 'check-document'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    // Whatever the text says, there is no environment that it could show.
    env: {},
  })
  const ask = (message: ToChild): Promise<FromChild> =>
    new Promise((resolve, reject) => {
      child.once('message', (reply) => resolve(reply as FromChild))
      child.once('error', reject)
      child.once('exit', () => reject(new Error('it takes more memory than a configuration may')))
      child.send(message, (error) => error !== null && reject(error))
    })
  try {
    return await withTimeLimit(timeMs, 'it', checkWith(ask, submitted, more))
  } finally {
    child.removeAllListeners().on('error', () => {})
    child.kill('SIGKILL')
  }
}

async function checkWith(
  ask: (message: ToChild) => Promise<FromChild>,
  submitted: Submitted,
  more: CheckPart,
): Promise<CheckedDocument> {
  const read = (await ask({ read: submitted })) as Extract<FromChild, { problems: unknown }>
  const found = read.part === undefined ? [] : await more(read.part)
  const { placed } =
    found.length === 0 ? { placed: [] } : ((await ask({ place: found })) as Extract<FromChild, { placed: unknown }>)
  const problems = [...read.problems, ...placed].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.col ?? 0) - (b.col ?? 0),
  )
  return { problems, warnings: read.warnings, config: problems.length === 0 ? read.part : undefined }
}
