import { writeFileSync } from 'node:fs'
import { plainProblem } from '../../config/document/located-config-error.ts'
import type { PlacedProblem } from '../../config/document/placed-problem.ts'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import { routePrefix } from '../../config/live/route-views.ts'
import { readSubmitted, type Submitted } from '../../config/live/submitted-document.ts'
import { checkRoutes } from '../build/check-routes.ts'
import type { ConfigProblem } from '../control/config-control.ts'
import type { Problem } from '../control/config-error.ts'

/** To the child: read this, then say where these are. Plain data. */
export type ToChild = { readonly read: Submitted } | { readonly place: readonly Problem[] }

/** From the child. Plain data. */
export type FromChild =
  | {
      readonly problems: readonly ConfigProblem[]
      readonly warnings: readonly ConfigProblem[]
      /** Undefined: nothing more can be checked. */
      readonly part: Pick<LoadedConfig, 'spec' | 'settings'> | undefined
    }
  | { readonly placed: readonly ConfigProblem[] }

/**
 * Reads a document in a process of its own, which the gateway has started, and which it ends: whatever a stranger's text costs, it
 * neither blocks nor fills the gateway.
 */
export async function runDocumentChild(): Promise<never> {
  const send = process.send?.bind(process)
  if (send === undefined) throw new Error('`check-document` is started by the gateway itself')
  endFirst()
  let document: ReturnType<typeof readSubmitted>['document'] | undefined
  const placed = (problems: readonly PlacedProblem[]): ConfigProblem[] =>
    problems.map((problem) => plainProblem(problem, document!))
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToChild) => {
    if ('place' in message) return void send({ placed: placed(message.place) } satisfies FromChild)
    const read = readSubmitted(message.read)
    document = read.document
    // Here, because a table of many routes takes its time.
    const routes =
      read.part === undefined || read.problems.length > 0
        ? []
        : checkRoutes(read.part.spec, routePrefix(read.part.spec))
    const found = { problems: placed([...read.problems, ...routes]), warnings: placed(read.warnings) }
    try {
      send({ ...found, part: read.part } satisfies FromChild)
    } catch {
      // In place of values that could not be read stand symbols, which can't be sent.
      send({ ...found, part: undefined } satisfies FromChild)
    }
  })
  return new Promise(() => {})
}

/** Where memory is short, the kernel ends this process, and not the gateway (proc(5), oom_score_adj). */
function endFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Another system than Linux.
  }
}
