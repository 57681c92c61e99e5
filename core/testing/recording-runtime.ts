import type { HookWatch } from '../api/current-hook.ts'
import type { Exchange } from '../api/exchange.ts'
import type { Finished } from '../api/filter.ts'
import type { HookStep } from '../chain/compiled-chain.ts'
import { Runtime } from '../chain/runtime.ts'

/** A hook that threw, or returned what it may not: the client got a 500, and `weir_filter_errors_total` was counted. */
export interface FilterFault {
  /** Name in the chain. */
  readonly filter: string
  readonly hook: string
  /** What was thrown. */
  readonly error: unknown
}

/** A runtime that records how requests ended and which hooks failed. */
export class RecordingRuntime extends Runtime {
  readonly #faults: { readonly fault: FilterFault; readonly exchange: Exchange | undefined }[] = []
  readonly finished: Finished[] = []
  #waiting: (() => void)[] = []

  /** Of one exchange, or all. */
  faults(of?: Exchange): FilterFault[] {
    return this.#faults.filter(({ exchange }) => of === undefined || exchange === of).map(({ fault }) => fault)
  }

  override filterError(x: Exchange | undefined, filter: string | undefined, hook: string, error: unknown): void {
    this.#faults.push({ fault: { filter: filter ?? 'unknown', hook, error }, exchange: x })
    super.filterError(x, filter, hook, error)
  }

  override log(steps: readonly HookStep[], finished: Finished, watch?: HookWatch): void {
    super.log(steps, finished, watch)
    this.finished.push(finished)
    for (const look of this.#waiting) look()
  }

  /** Resolves when `log` has run for as many requests since the start. */
  untilFinished(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.finished.length < count) return
        this.#waiting = this.#waiting.filter((other) => other !== look)
        resolve()
      }
      this.#waiting.push(look)
      look()
    })
  }
}
