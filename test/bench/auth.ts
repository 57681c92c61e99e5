// npm run bench:auth [-- --rounds N --seconds S]: what verified tokens take in memory, and what a flood of different invalid tokens
// does to the requests with a valid one that is known. What a known token costs says `npm run bench -- filter-auth`.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { memoryOfTokens } from './auth-memory.ts'
import { token } from './jwt.ts'
import { LAUNCHERS } from './launchers.ts'
import { type Load, measure } from './load.ts'
import { freePort, machine } from './machine.ts'
import { Sandbox } from './sandbox.ts'
import { spread } from './statistics.ts'
import { PATH } from './weir.ts'

const TOKENS = 100_000
/** Half of what the gateway does at most. */
const SHARE = 0.5
const CONNECTIONS = 64

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '2' } },
})
const seconds = Number(values.seconds)

console.log(machine())
const bytes = memoryOfTokens(TOKENS)
console.log(
  `${TOKENS} tokens: ${((bytes * TOKENS) / 2 ** 20).toFixed(1)} MiB, ${bytes.toFixed(0)} bytes each (must: 64 MiB)`,
)

const sandbox = new Sandbox()
try {
  const [port, upstream] = [await freePort(), await freePort()]
  const file = join(import.meta.dirname, 'upstream.ts')
  await sandbox.start('upstream', upstream, { path: '/1k' }, 1, { command: [process.execPath, file, String(upstream)] })
  const command = await LAUNCHERS['Weir, RS256']({ folder: sandbox.folder, port, upstream })
  const path = `${PATH}/1k`
  const headers = { Authorization: `Bearer ${token()}` }
  const program = await sandbox.start('Weir', port, { path, headers }, 0, command)
  const load: Load = { kind: 'fixed', connections: CONNECTIONS, path, token: true }
  const closed = await measure(sandbox, program, { ...load, kind: 'closed' }, { seconds: 4, core: 1 })
  const rate = closed.rate * SHARE
  const [head, payload] = token().split('.')
  const flood = (forSeconds: number): Promise<string> => {
    const script = join(import.meta.dirname, 'auth-flood.lua')
    const limits = ['-t1', `-c${CONNECTIONS}`, `-d${Math.ceil(forSeconds)}s`, '-s', script]
    return sandbox.run({ command: ['wrk', ...limits, program.url, `${head}.${payload}`, path] }, 1)
  }
  await flood(2)
  const quiet: number[] = []
  const flooded: number[] = []
  const floods: number[] = []
  for (let i = 0; i < Number(values.rounds); i++) {
    quiet.push((await measure(sandbox, program, load, { seconds, core: 1, rate })).p99)
    const running = flood(seconds + 1)
    flooded.push((await measure(sandbox, program, load, { seconds, core: 1, rate })).p99)
    const { requests, seconds: took } = JSON.parse(/^JSON (.*)$/m.exec(await running)![1]!) as Record<string, number>
    floods.push(requests! / took!)
  }
  const ms = (list: readonly number[]): string => {
    const { median, low, high } = spread(list)
    return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}) ms`
  }
  const ratio = spread(flooded.map((p99, i) => p99 / quiet[i]!))
  console.log(`valid, cached tokens at ${Math.round(rate)} requests/s, half of the maximum, p99: ${ms(quiet)}`)
  console.log(`with ${Math.round(spread(floods).median)} invalid tokens/s beside them: ${ms(flooded)}`)
  console.log(`ratio: ${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}) (must: 3)`)
} finally {
  sandbox.close()
}
