// Preloaded into a gateway (`--import`): counts what its requests cost, from message to message of the test's process.
import { createHook } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { getCallSites } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import type { TimerWheel } from '../../core/base/timer-wheel.ts'

/** Whose code did it. */
export type Owner = 'weir' | 'packages' | 'node'

/** What was counted from `begin` to `end`, of all requests together. */
export interface Counts {
  promises: number
  /** Listeners added to emitters and event targets. */
  listeners: Record<Owner, number>
  /** Node timers armed. */
  timers: Record<Owner, number>
  /** Deadlines of a `TimerWheel` that fired or were cancelled. */
  deadlines: number
  /** TCP connections accepted or opened. */
  connections: number
  /** The places in Weir's code that did it, with their numbers: `promise core/chain/attempts.ts:78`. */
  places: Record<string, number>
}

/** `begin` and `end` enclose what is counted, and `bytes` asks how much was allocated on the heap so far. */
export type ProbeMessage = 'begin' | 'end' | 'bytes'

const noCounts = (): Counts => ({
  promises: 0,
  listeners: { weir: 0, packages: 0, node: 0 },
  timers: { weir: 0, packages: 0, node: 0 },
  deadlines: 0,
  connections: 0,
  places: {},
})
let counts: Counts | undefined

const root = new URL('../../', import.meta.url).href
/** Modules of the old kind have paths for names, others URLs. */
const placeOf = (script: string): string => script.replace(/^(?=\/)/, 'file://').replace(root, '')

/** Functions of Node that only do what their caller asks for: listeners are added, timers armed. */
const ON_BEHALF =
  /(?:^|[. ])(?:on|once|addListener|prependListener|prependOnceListener|addEventListener|socketListenerWrap|setTimeout|setStreamTimeout)\]?$/
/** Modules of Node of which the same is true. */
const BELOW = new Set(['node:events', 'node:timers', 'node:internal/timers', 'node:internal/async_hooks'])

/** Whose code does what is being counted: the first on the stack that does not act for its caller. */
function owner(what: string): Owner {
  const caller = getCallSites(20, { sourceMap: false }).find(({ scriptName, functionName }) => {
    if (scriptName === import.meta.url || BELOW.has(scriptName)) return false
    return !(scriptName.startsWith('node:') && ON_BEHALF.test(functionName))
  })
  const script = placeOf(caller?.scriptName || 'node:')
  if (script.startsWith('node:')) return 'node'
  if (script.startsWith('node_modules/')) return 'packages'
  const key = `${what} ${script}:${caller!.lineNumber}`
  counts!.places[key] = (counts!.places[key] ?? 0) + 1
  return 'weir'
}

/** `once` calls `on`: only the outermost call is counted. */
let depth = 0
function counted(add: (...args: never[]) => unknown): (...args: never[]) => unknown {
  return function (this: unknown, ...args: never[]): unknown {
    if (counts !== undefined && depth === 0) counts.listeners[owner('listener')]++
    depth++
    try {
      return add.apply(this, args)
    } finally {
      depth--
    }
  }
}

const hook = createHook({
  init(_id, type) {
    if (counts === undefined) return
    if (type === 'PROMISE') {
      counts.promises++
      owner('promise')
    } else if (type === 'Timeout') counts.timers[owner('timer')]++
    else if (type === 'TCPWRAP') counts.connections++
  },
})

const ADDERS = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const

async function instrument(): Promise<void> {
  const { TimerWheel } = await import('../../core/base/timer-wheel.ts')
  for (const name of ADDERS) EventEmitter.prototype[name] = counted(EventEmitter.prototype[name]) as never
  EventTarget.prototype.addEventListener = counted(EventTarget.prototype.addEventListener) as never
  // Every deadline is removed once, when it fires or is cancelled, by whichever method it was set.
  const { remove } = TimerWheel.prototype
  TimerWheel.prototype.remove = function (entry) {
    if (counts !== undefined && entry.fire !== undefined) counts.deadlines++
    remove.call(this, entry)
  }
  hook.enable()
  selfCheck(new TimerWheel({ manual: true }))
}

/** @throws Error unless one of each is counted as one: a zero must mean that nothing was there. */
function selfCheck(wheel: TimerWheel): void {
  counts = noCounts()
  new EventEmitter().once('never', () => {})
  clearTimeout(setTimeout(() => {}, 1000))
  wheel.after(1000, () => {}).cancel()
  void Promise.resolve()
  const { promises, listeners, timers, deadlines } = counts
  const sum = ({ weir, packages, node }: Record<Owner, number>): number => weir + packages + node
  const seen = [promises, sum(listeners), sum(timers), deadlines]
  counts = undefined
  if (seen.some((count) => count !== 1)) throw new Error(`the probe counts ${seen} where there is 1 of each`)
}

const REPLIES: Readonly<Record<Exclude<ProbeMessage, 'begin'>, () => unknown>> = {
  bytes: () => getHeapStatistics().total_allocated_bytes,
  end() {
    const result = counts
    counts = undefined
    return result
  },
}

process.on('message', (message: ProbeMessage) => {
  if (message !== 'begin') return void process.send!(REPLIES[message]())
  instrument().then(
    () => {
      counts = noCounts()
      process.send!('begun')
    },
    (error: unknown) => process.send!(String(error)),
  )
})
