// What the statistics hold in memory: 1,000 endpoints with one target each, and traffic in every step, until all steps that are kept are
// full; then the same measured from outside. And the bytes of a subject that is being counted.
//   node --expose-gc test/bench/statistics-memory.ts [--endpoints 1000] [--requests 100 (per endpoint and step)]
import { parseArgs } from 'node:util'
import { Figures } from '../../plugins/statistics/figures.ts'
import { SERIES_SHARE } from '../../plugins/statistics/gateway-statistics.ts'
import { PackedWriter } from '../../plugins/statistics/packed-bytes.ts'
import { writeFigures } from '../../plugins/statistics/packed-figures.ts'
import { StatisticsStore } from '../../plugins/statistics/statistics-store.ts'
import { SUBJECT_BYTES, Subject } from '../../plugins/statistics/step-counters.ts'

const { values } = parseArgs({
  options: { endpoints: { type: 'string', default: '1000' }, requests: { type: 'string', default: '100' } },
})
const endpoints = Number(values.endpoints)
const requests = Number(values.requests)
const STEP_MS = 10_000
const STEPS = 1082
const MIB = 1024 ** 2

function used(): number {
  globalThis.gc!()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  // What ArrayBuffers hold is part of `external`.
  return heapUsed + Math.max(external, arrayBuffers)
}

/** Log-normal around 20 ms, as services are: half of the requests between 12 and 33 ms, one in a hundred above 120 ms. */
function latency(): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
  return 20 * Math.exp(0.75 * normal)
}

function busy(): Figures {
  const figures = new Figures()
  for (let i = 0; i < requests; i++) {
    figures.counts[0]!++
    figures.took(latency())
  }
  figures.counts[2] = Math.floor(Math.random() * 3)
  figures.counts[8] = requests * 1024
  return figures
}

let now = Date.UTC(2026, 0, 1)
const store = new StatisticsStore({ now: () => now, wall: () => now })
const before = used()
await store.configure(
  [
    { stepMs: STEP_MS, keepMs: 900_000 },
    { stepMs: 60_000, keepMs: 10_800_000 },
  ],
  64 * MIB * SERIES_SHARE,
)
const samples = Array.from({ length: 200 }, busy)
const writer = new PackedWriter()
let blocked = 0
let taking = 0
for (let i = 0; i < STEPS; i++) {
  for (let n = 0; n < 2 * endpoints; n++) {
    writer.number(now)
    writer.text(
      n % 2 === 0 ? `v1/endpoint-${n >> 1}` : `v1/endpoint-${n >> 1}\nhttp://endpoint-${n >> 1}.internal:8080`,
    )
    writeFigures(writer, samples[(i * 7 + n) % samples.length]!)
  }
  const piece = writer.take()
  const from = performance.now()
  await store.take(piece)
  blocked = Math.max(blocked, performance.now() - from)
  taking += performance.now() - from
  now += STEP_MS
}
const held = used() - before
const { bytes, dropped } = store
console.log(`${endpoints} endpoints and as many targets, ${requests} requests in each step of 10 s:`)
console.log(`  ${(bytes / MIB).toFixed(1)} MiB by its own count, ${(held / MIB).toFixed(1)} MiB from outside`)
console.log(`  dropped: ${dropped.steps} old steps, ${dropped.figures} new ones`)
console.log(`  taking a step: ${(taking / STEPS).toFixed(1)} ms in all, with pauses every 10 ms`)

const middle = used()
const counted = Array.from({ length: 10_000 }, (_, i) => {
  const subject = new Subject(`v1/endpoint-${i}`)
  subject.figures = samples[i % samples.length]!
  const own = new Figures()
  own.add(subject.figures)
  subject.figures = own
  return subject
})
const each = (used() - middle) / counted.length
console.log(`a subject that is being counted: ${each.toFixed(0)} bytes; ${SUBJECT_BYTES} are reckoned`)
