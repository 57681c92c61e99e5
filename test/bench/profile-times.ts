// From profiles of V8 to self time per request: by function and by group.

/** What the inspector's `Profiler.stop` gives, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  /** The node at the top of the stack, sample by sample. */
  readonly samples: readonly number[]
  /** Microseconds from the sample before to each sample. */
  readonly timeDeltas: readonly number[]
}

export interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0; -1 where there is no source. */
  readonly lineNumber: number
}

/** The groups, in the order in which they are printed. */
export const GROUPS = {
  own: 'own code',
  node: "Node's JavaScript",
  undici: 'undici, its WebAssembly included',
  packages: 'other packages',
  gc: 'garbage collection',
  calls: 'system calls (native calls of sockets)',
  native: 'program, other native',
} as const

export type Group = keyof typeof GROUPS

export interface FunctionTime {
  readonly name: string
  /** `core/http/listener.ts:12`, `undici/lib/core/request.js:3`, `node:net:700`; empty for native code. */
  readonly place: string
  readonly group: Group
  /** Microseconds per request. */
  readonly us: number
}

/** Native functions of a socket's handle: what they take is nearly all the kernel's. */
const SOCKET_CALLS = new Set([
  'writev',
  'writeBuffer',
  'writeUtf8String',
  'writeLatin1String',
  'writeAsciiString',
  'writeUcs2String',
  'readStart',
  'readStop',
  'shutdown',
  'connect',
  'connect6',
  'close',
  'setNoDelay',
  'setKeepAlive',
])

/** The group of a function; undefined for the time in which nothing runs. */
export function groupOf({ functionName, url }: CallFrame): Group | undefined {
  if (functionName === '(idle)') return undefined
  if (functionName === '(garbage collector)') return 'gc'
  if (url.startsWith('node:')) return 'node'
  if (url.startsWith('wasm:') || url.includes('/node_modules/undici/')) return 'undici'
  if (url.includes('/node_modules/')) return 'packages'
  if (url !== '') return 'own'
  return SOCKET_CALLS.has(functionName) ? 'calls' : 'native'
}

/**
 * Self time per function, the largest first.
 * @param root the checkout's folder with a slash at its end, which is left out of places
 */
export function selfTimes(profiles: readonly CpuProfile[], requests: number, root: string): FunctionTime[] {
  const times = new Map<string, FunctionTime>()
  for (const { nodes, samples, timeDeltas } of profiles) {
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
    for (const [i, id] of samples.entries()) {
      const frame = frames.get(id)!
      const group = groupOf(frame)
      if (group === undefined) continue
      const name = frame.functionName || '(anonymous)'
      const place = placeOf(frame, root)
      const key = `${name} ${place}`
      // A sample holds until the next one comes.
      const us = (times.get(key)?.us ?? 0) + (timeDeltas[i + 1] ?? 0) / requests
      times.set(key, { name, place, group, us })
    }
  }
  return [...times.values()].toSorted((a, b) => b.us - a.us)
}

function placeOf({ url, lineNumber }: CallFrame, root: string): string {
  if (url === '') return ''
  const file = url.replace(/^file:\/\//, '')
  const path = file.replace(/^.*\/node_modules\//, '')
  return `${path.startsWith(root) ? path.slice(root.length) : path}:${lineNumber + 1}`
}

/** The same times in proportion, such that they add up to `total` microseconds. */
export function scaledTo(times: readonly FunctionTime[], total: number): FunctionTime[] {
  const factor = total / sumOf(times)
  return times.map((time) => ({ ...time, us: time.us * factor }))
}

/** Microseconds per request of each group. */
export function groupTimes(times: readonly FunctionTime[]): Record<Group, number> {
  const groups = Object.fromEntries(Object.keys(GROUPS).map((group) => [group, 0])) as Record<Group, number>
  for (const { group, us } of times) groups[group] += us
  return groups
}

export const sumOf = (times: readonly FunctionTime[]): number => times.reduce((sum, { us }) => sum + us, 0)
