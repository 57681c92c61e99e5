import { type FSWatcher, watch } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { type Clock, type Deadline, type Logger, startTimer, type TokenAlgorithm } from '../../core/index.ts'
import { readKeys, removeKey, removeLeftOvers, retireKey, writeNewKey } from './key-folder.ts'
import type { SigningKey } from './signing.ts'

/** A key is published for so long before it signs: those who verify elsewhere have read it by then. */
export const PUBLISHED_MS = 5 * 60_000
/** A key is published for so long after its successor signs: no token lives longer, whatever `access_ttl` was. */
export const KEPT_MS = 24 * 3_600_000 + 10 * 60_000
/** Keys that are rotated too often are not replaced until older ones are over: the folder is bounded. */
const MOST_KEPT = 50
/** How often the folder is looked at. */
const LOOK_MS = 30_000
/** After a file has changed, others may follow at once. */
const SETTLE_MS = 200

export interface KeyRules {
  readonly algorithm: TokenAlgorithm
  readonly rotateEveryMs: number | undefined
}

export interface KeyScheduleParts {
  readonly dir: string
  readonly clock: Clock
  readonly log: Logger
  readonly rules: KeyRules
  /** Resolves when every process verifies with these keys. */
  publish(keys: readonly SigningKey[]): Promise<void>
}

/** Which key signs, and which are published: by the files of a folder, and by time. */
export class KeySchedule {
  readonly #parts: KeyScheduleParts
  #rules: KeyRules
  #keys: readonly SigningKey[] = []
  #current!: SigningKey
  #published = ''
  #timer: Deadline | undefined
  #watcher: FSWatcher | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false
  readonly #warned = new Set<string>()

  constructor(parts: KeyScheduleParts) {
    this.#parts = parts
    this.#rules = parts.rules
  }

  /** Reads the folder; makes it, and a first key, where there is none. @throws Error for the operator */
  async start(): Promise<void> {
    const { dir, clock } = this.#parts
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      await removeLeftOvers(dir, clock.wall())
    } catch (cause) {
      throw new Error(`cannot use the folder of keys "${dir}": ${(cause as Error).message}`, { cause })
    }
    await this.#look()
    this.#watch()
    this.#wait(LOOK_MS)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#watcher?.close()
    await this.#looking
  }

  /** The key that signs now. */
  get current(): SigningKey {
    return this.#current
  }

  /** All that verify. */
  get keys(): readonly SigningKey[] {
    return this.#keys
  }

  key(kid: string): SigningKey | undefined {
    return this.#keys.find((key) => key.kid === kid)
  }

  /** Other rules from now on. Resolves when a key that they need is published. */
  apply(rules: KeyRules): Promise<void> {
    this.#rules = rules
    return this.look()
  }

  /** Looks at the folder and the time, now. A folder that can't be read is logged, and changes nothing. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      if (this.#stopped) return
      try {
        await this.#look()
      } catch (err) {
        this.#parts.log.error({ err }, 'the signing keys could not be renewed; those of before go on')
      }
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const { dir, clock } = this.#parts
    let keys = await readKeys(dir, (text) => this.#warn(text))
    const now = clock.wall()
    for (const { kid, retiresAt } of keys) if (retiresAt !== undefined && retiresAt <= now) await this.#remove(kid)
    keys = keys.filter(({ retiresAt }) => retiresAt === undefined || retiresAt > now)
    if (this.#isDue(keys, now)) {
      const made = await writeNewKey(dir, this.#rules.algorithm, now)
      this.#parts.log.info({ kid: made.kid, algorithm: made.algorithm }, 'a signing key was made')
      keys = [...keys, made]
    }
    await this.#publish(keys)
    await this.#choose(now)
  }

  #isDue(keys: readonly SigningKey[], now: number): boolean {
    const { algorithm, rotateEveryMs = Infinity } = this.#rules
    const newest = keys.findLast((key) => key.algorithm === algorithm && key.retiresAt === undefined)
    return newest === undefined || (now - newest.createdAt >= rotateEveryMs && keys.length < MOST_KEPT)
  }

  async #publish(keys: readonly SigningKey[]): Promise<void> {
    const names = keys.map(({ kid }) => kid).join()
    if (names !== this.#published) await this.#parts.publish(keys)
    this.#published = names
    this.#keys = keys
  }

  /** The next key signs when it has been published for long enough; those before it retire. */
  async #choose(now: number): Promise<void> {
    const { dir, log } = this.#parts
    const current = signerOf(this.#keys, this.#rules.algorithm, now)
    const before = this.#current as SigningKey | undefined
    this.#current = current
    if (before !== undefined && before.kid !== current.kid) log.info({ kid: current.kid }, 'another key signs')
    const keys: SigningKey[] = []
    for (const key of this.#keys) {
      const replaced = key.kid !== current.kid && isReady(key, now)
      keys.push(replaced ? await retireKey(dir, key, now + KEPT_MS) : key)
    }
    this.#keys = keys
  }

  async #remove(kid: string): Promise<void> {
    await removeKey(this.#parts.dir, kid)
    this.#parts.log.info({ kid }, 'a signing key was removed: all of its tokens are over')
  }

  #warn(text: string): void {
    if (this.#warned.has(text) || this.#warned.size >= 100) return
    this.#warned.add(text)
    this.#parts.log.warn({}, text)
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#parts.dir, { persistent: false }, () => this.#wait(SETTLE_MS))
      // Looking every half minute is enough where a folder can't be watched.
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {}
  }

  #wait(ms: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#timer = startTimer(ms, () => void this.look().then(() => this.#wait(LOOK_MS)), { background: true })
  }
}

/** Whether it has been published for long enough to sign, and no other one has replaced it. */
const isReady = ({ retiresAt, createdAt }: SigningKey, now: number): boolean =>
  retiresAt === undefined && createdAt + PUBLISHED_MS <= now

/**
 * The newest key that has been published for long enough; of the algorithm that is wanted, where there is one.
 * @param keys at least one that has not been replaced; the oldest first
 */
export function signerOf(keys: readonly SigningKey[], algorithm: TokenAlgorithm, now: number): SigningKey {
  const ready = keys.filter((key) => isReady(key, now))
  const signer =
    ready.findLast((key) => key.algorithm === algorithm) ??
    ready.at(-1) ??
    // A first key signs at once: there is none before it.
    keys.find((key) => key.retiresAt === undefined)
  return signer!
}
