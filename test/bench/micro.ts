// npm run bench:micro: time and allocated bytes of single parts, in this process. For changes to one part; what a request
// costs as a whole says npm run bench.
// Machines have slow seconds: all is measured in several rounds, and the best one counts.
//   --json FILE  --only EXPRESSION (names of what is measured)  --rounds N (3)
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { do_not_optimize, measure } from 'mitata'
import { chainCases } from './micro/chain-cases.ts'
import { clientHeadersCases } from './micro/client-headers-cases.ts'
import { filterCases } from './micro/filter-cases.ts'
import { headerListCases } from './micro/header-list-cases.ts'
import type { MicroCase } from './micro/micro-case.ts'
import { routeCases } from './micro/route-cases.ts'
import { statisticsCases } from './micro/statistics-cases.ts'
import { timerWheelCases } from './micro/timer-wheel-cases.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
  },
})
// As core/launch.js does.
setFlagsFromString('--no-allocation-site-pretenuring')

interface Measured {
  readonly name: string
  /** Nanoseconds per call: the median of each round. */
  readonly ns: number[]
  /** Bytes allocated per call, when everything is compiled. */
  bytes: number
}

// All that was ever allocated, not what is in use: a collection in between changes nothing.
const allocated = (): number => getHeapStatistics().total_allocated_bytes

const CALLS = 50_000

/** Not mitata's own figure: its readings, 130 KB apart even where nothing is allocated, come to 32 bytes per call. */
function bytesOf(run: () => unknown): number {
  const first = allocated()
  const before = allocated()
  for (let i = 0; i < CALLS; i++) do_not_optimize(run())
  return Math.max(0, (allocated() - before - (before - first)) / CALLS)
}

/** mitata itself would not measure in batches what is slow at first. */
const BATCHES = { warmup_threshold: 1e9, batch_threshold: 1e9, min_cpu_time: 2e8 }

const cases: MicroCase[] = [
  ...headerListCases,
  ...clientHeadersCases,
  ...(await chainCases()),
  ...routeCases(),
  ...(await filterCases()),
  ...timerWheelCases(),
  ...statisticsCases(),
]
const wanted = new RegExp(options.only, 'i')
const results = cases
  .filter(({ name }) => wanted.test(name))
  .map(({ name, run }) => ({ run, result: { name, ns: [], bytes: 0 } as Measured }))
for (let round = 0; round < Number(options.rounds); round++) {
  for (const { run, result } of results) {
    result.ns.push((await measure(() => do_not_optimize(run()), { ...BATCHES })).p50)
    result.bytes = bytesOf(run)
  }
}
console.log(`${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}; medians of ${options.rounds} rounds\n`)
console.log('| what | ns per call, best round | worst round | bytes per call |\n|---|---:|---:|---:|')
for (const { result } of results) {
  const { name, ns, bytes } = result
  console.log(`| ${name} | ${Math.min(...ns).toFixed(1)} | ${Math.max(...ns).toFixed(1)} | ${bytes.toFixed(0)} |`)
}
if (options.json !== undefined)
  writeFileSync(
    options.json,
    JSON.stringify(
      results.map(({ result }) => result),
      null,
      2,
    ),
  )
