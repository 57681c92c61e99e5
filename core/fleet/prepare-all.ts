import { BuildError, ConfigError } from '../control/config-error.ts'
import type { Member } from './member.ts'
import type { FileBytes, Load, Prepared } from './messages.ts'
import { WorkerGoneError } from './worker-link.ts'

/** A configuration that workers run. */
export interface Current<Settings> {
  readonly load: Load<Settings>
  readonly prepared: Prepared
  /** Everything that its filters have read: a worker that starts later must not read other bytes. */
  readonly files: FileBytes
}

/** Workers that may end while they prepare one configuration: one may do so by chance, two do so because of it. */
const MAX_DEATHS = 2

/**
 * Lets every worker build a configuration: the first reads files, the others get the same bytes. If one refuses, all drop it.
 * @param before what filters of the configuration of before have read: some of its instances go on
 * @param commit called when nothing else can fail; if it rejects, all drop it
 * @returns what can be committed, and by whom: a worker that ended meanwhile is left out
 */
export async function prepareAll<Settings>(
  members: readonly Member<Settings>[],
  load: Load<Settings>,
  before: FileBytes = new Map(),
  commit?: () => Promise<void>,
): Promise<Current<Settings> & { readonly taking: readonly Member<Settings>[] }> {
  try {
    let first: Prepared | undefined
    const rest = [...members]
    const taking: Member<Settings>[] = []
    const deaths: unknown[] = []
    while (first === undefined) {
      const member = rest.shift()
      if (member === undefined || deaths.length === MAX_DEATHS)
        throw deaths[0] ?? problem('no worker runs that could load it; the log says why')
      try {
        first = await prepare(member, load, new Map())
        taking.push(member)
      } catch (error) {
        if (!(error instanceof EndedError)) throw error
        deaths.push(error)
      }
    }
    const files = filesOf(first, before)
    const outcomes = await Promise.allSettled(rest.map((member) => prepare(member, load, files)))
    for (const [i, result] of outcomes.entries()) {
      if (result.status === 'fulfilled') taking.push(rest[i]!)
      // The successor of one that has ended loads what is live then.
      else if (result.reason instanceof EndedError) deaths.push(result.reason)
      else throw result.reason
    }
    if (deaths.length >= MAX_DEATHS) throw deaths[0]
    await commit?.()
    return { load, prepared: first, files, taking }
  } catch (error) {
    for (const { link } of members) link.abort(load)
    throw error
  }
}

class EndedError extends ConfigError {}

async function prepare<Settings>(
  { link, number, spawned }: Member<Settings>,
  load: Load<Settings>,
  files: FileBytes,
): Promise<Prepared> {
  const outcome = await link.prepare(load, files).catch(async (error: unknown) => {
    if (!(error instanceof WorkerGoneError)) throw error
    const message = `worker ${number} ended while it loaded this configuration: ${await spawned.ended}`
    throw new EndedError([{ path: [], message }])
  })
  if (!outcome.ok) throw new BuildError(outcome.problems, outcome.read)
  return outcome
}

/** What all filters of a configuration have read: some of it by instances of the one before. */
function filesOf({ files, read }: Prepared, before: FileBytes): FileBytes {
  const all = new Map<string, Uint8Array>()
  for (const path of files.keys()) {
    const bytes = read.get(path) ?? before.get(path)
    if (bytes !== undefined) all.set(path, bytes)
  }
  return all
}

const problem = (message: string): ConfigError => new ConfigError([{ path: [], message }])
