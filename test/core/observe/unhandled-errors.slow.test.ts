import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { HOSTILE } from '../../support/hostile.ts'

const urlOf = (path: string): string => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href)

/** Throws everything in every way, one thing after the other, and gives the lines that were logged. */
const PROGRAM = `
import { surviveUnhandledErrors } from ${urlOf('core/observe/unhandled-errors.ts')}
import { makeLogger } from ${urlOf('core/observe/root-logger.ts')}
import { MemoryMeter } from ${urlOf('core/testing/memory-meter.ts')}
import { HOSTILE } from ${urlOf('test/support/hostile.ts')}
const WAYS = {
  timer: (value) => setTimeout(() => { throw value }),
  tick: (value) => process.nextTick(() => { throw value }),
  microtask: (value) => queueMicrotask(() => { throw value }),
  rejection: (value) => void Promise.reject(value),
  listener: (value) => {
    const { signal, abort } = (() => { const c = new AbortController(); return { signal: c.signal, abort: () => c.abort() } })()
    signal.addEventListener('abort', () => { throw value })
    abort()
  },
}
let lines = []
const destination = { write: (line) => lines.push(JSON.parse(line)), flushSync() {}, on() {} }
surviveUnhandledErrors(makeLogger({ level: 'info', destination }), new MemoryMeter())
const later = () => new Promise((resolve) => setTimeout(() => setImmediate(resolve), 5))
const found = {}
for (const [what, value] of Object.entries(HOSTILE))
  for (const [way, run] of Object.entries(WAYS)) {
    lines = []
    run(value)
    await later()
    found[what + ' by ' + way] = lines.map(({ level, msg }) => level + ' ' + msg)
  }
const broken = { ...console, error() { throw new Error('a logger that throws') } }
surviveUnhandledErrors(broken, new MemoryMeter())
setTimeout(() => { throw new Error('unheard') })
Promise.reject(new Error('unheard'))
await later()
process.stdout.write(JSON.stringify(found))
`

t.test('whatever is thrown where nothing catches it, the process goes on and logs it once', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM])
  const found = JSON.parse(stdout) as Record<string, string[]>
  t.equal(Object.keys(found).length, Object.keys(HOSTILE).length * 5)
  for (const [what, lines] of Object.entries(found)) {
    const said = what.endsWith('rejection')
      ? '50 a promise was rejected and nothing handled it'
      : '50 an error was thrown and nothing caught it'
    t.same(lines, [said], what)
  }
})
