import type { Logger } from '../api/logger.ts'
import { BuildError } from '../control/config-error.ts'
import type { Member } from './member.ts'
import type { Load, Prepared } from './messages.ts'
import { RestartPolicy } from './restart-policy.ts'
import { type Outcome, WorkerGoneError } from './worker-link.ts'

/** How the first worker is started. */
export interface FirstStart<Settings> {
  spawn(): Member<Settings>
  /** Waits; milliseconds. Rejects if the gateway is stopped meanwhile. */
  pause(ms: number): Promise<void>
  readonly log: Logger
}

/**
 * Starts the first worker, again if it ends, until it has built the configuration.
 * @throws ConfigError if the configuration can't be used, Error if it ends each time
 */
export async function firstWorker<Settings>(
  { spawn, pause, log }: FirstStart<Settings>,
  load: Load<Settings>,
): Promise<{ readonly member: Member<Settings>; readonly prepared: Prepared }> {
  const policy = new RestartPolicy()
  for (;;) {
    const member = spawn()
    const outcome = await outcomeOf(member, load)
    if (outcome?.ok === true) return { member, prepared: outcome }
    if (outcome !== undefined) {
      member.spawned.kill()
      throw new BuildError(outcome.problems, outcome.read)
    }
    const how = await member.spawned.ended
    const delay = policy.ended(undefined)
    if (delay === undefined) throw new Error(`no worker can start; the last one ended: ${how}`)
    log.error({ worker: member.number, how }, 'a worker ended before it was ready')
    await pause(delay)
  }
}

/** Undefined: it ended. */
async function outcomeOf<Settings>(
  { link, spawned }: Member<Settings>,
  load: Load<Settings>,
): Promise<Outcome | undefined> {
  try {
    await link.greeted
    return await link.prepare(load, new Map())
  } catch (error) {
    if (error instanceof WorkerGoneError) return undefined
    spawned.kill()
    throw error
  }
}
