import type { LimitPart, SharedLimits } from '../state/shared-limits.ts'
import type { LimitUse, LimitValue } from './status-keys.ts'

/** A worker tells its use again when it has changed by this share of what was free for it. */
const SHARE_OF_FREE = 1 / 4

/**
 * A worker's parts of limits. It tells the primary what it uses, the more often the less is free, and gets new parts. So a worker that
 * the kernel gives more connections than others may have more, and all together keep to the limit, but for what changes while a message is
 * under way. Each may always use one.
 */
export class WorkerLimits implements SharedLimits {
  readonly #worker: number
  readonly #count: number
  readonly #tell: (name: string, use: LimitUse) => void
  readonly #parts = new Map<string, Part>()

  /** @param worker its number @param count how many workers there are */
  constructor(worker: number, count: number, tell: (name: string, use: LimitUse) => void) {
    this.#worker = worker
    this.#count = count
    this.#tell = tell
  }

  divide(name: string, limit: number, changed: (part: number) => void): LimitPart {
    const tell = (used: number): void => this.#tell(name, { limit, used })
    const part = new Part(limit / this.#count, changed, tell, this.#parts.get(name)?.inUse)
    if (limit === Infinity) this.#parts.delete(name)
    else this.#parts.set(name, part)
    if (limit < Infinity) tell(part.inUse)
    return part
  }

  /** The primary has divided a limit anew. */
  take(name: string, value: LimitValue | undefined): void {
    const part = value?.[this.#worker]
    if (part !== undefined) this.#parts.get(name)?.resize(part)
  }
}

class Part implements LimitPart {
  part: number
  inUse: number
  readonly #changed: (part: number) => void
  readonly #tell: (used: number) => void
  #told: number

  constructor(part: number, changed: (part: number) => void, tell: (used: number) => void, inUse = 0) {
    this.part = atLeastOne(part)
    this.#changed = changed
    this.#tell = tell
    this.inUse = inUse
    this.#told = inUse
  }

  used(now: number): void {
    this.inUse = now
    const { part } = this
    if (part === Infinity || Math.abs(now - this.#told) < (part - this.#told) * SHARE_OF_FREE) return
    if (now === this.#told) return
    this.#told = now
    this.#tell(now)
  }

  resize(part: number): void {
    this.part = atLeastOne(part)
    this.#changed(this.part)
  }
}

const atLeastOne = (part: number): number => Math.max(1, Math.floor(part))
