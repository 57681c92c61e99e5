import t from 'tap'
import { Ids } from '../../../plugins/telemetry/ids.ts'
import { ratioSampler, samplerOf } from '../../../plugins/telemetry/sampler.ts'

const traceId = (random: string): string => `${'a'.repeat(18)}${random}`

t.test('a ratio goes by the rightmost 56 bits of the trace id', async (t) => {
  const half = ratioSampler(0.5)
  t.equal(half(traceId('80000000000000'), undefined), true, 'R = T')
  t.equal(half(traceId('7fffffffffffff'), undefined), false, 'R just below T')
  t.equal(half(traceId('ffffffffffffff'), undefined), true)
  t.equal(half(traceId('00000000000000'), undefined), false)
  const quarter = ratioSampler(0.25)
  t.equal(quarter(traceId('c0000000000000'), undefined), true)
  t.equal(quarter(traceId('bfffffffffffff'), undefined), false)
  t.equal(ratioSampler(1)(traceId('00000000000000'), undefined), true)
  t.equal(ratioSampler(0)(traceId('ffffffffffffff'), undefined), false)
})

t.test('ratios nest, and hold', async (t) => {
  const ids = new Ids()
  const ratios = [0.01, 0.1, 0.5, 0.9]
  const samplers = ratios.map(ratioSampler)
  const counts = ratios.map(() => 0)
  let torn = 0
  for (let i = 0; i < 20_000; i++) {
    const id = ids.trace()
    const kept = samplers.map((sampler) => sampler(id, undefined))
    kept.forEach((yes, at) => {
      if (yes) counts[at]!++
      if (yes && kept.slice(at).includes(false)) torn++
    })
  }
  t.equal(torn, 0, 'what a lower ratio keeps, a higher one keeps too')
  // Six standard deviations: about one failure in a thousand million runs.
  for (const [at, ratio] of ratios.entries())
    t.ok(
      Math.abs(counts[at]! - 20_000 * ratio) < 6 * Math.sqrt(20_000 * ratio * (1 - ratio)),
      `${ratio}: ${counts[at]}`,
    )
})

t.test('OTEL_TRACES_SAMPLER and the default of the YAML', async (t) => {
  const low = traceId('00000000000000')
  const middle = traceId('90000000000000')
  const table: [name: string | undefined, arg: string | undefined, yaml: number | undefined, expected: string][] = [
    // Decisions for: low id, middle id, middle id under a sampled and under an unsampled caller (on the low id).
    [undefined, undefined, undefined, 'yes yes yes no'],
    ['', undefined, undefined, 'yes yes yes no'],
    [undefined, undefined, 0.5, 'no yes yes no'],
    [undefined, undefined, 0, 'no no yes no'],
    ['always_on', undefined, 0, 'yes yes yes yes'],
    ['always_off', undefined, 1, 'no no no no'],
    ['traceidratio', '0.5', undefined, 'no yes no no'],
    ['traceidratio', undefined, 0.5, 'no yes no no'],
    ['traceidratio', undefined, undefined, 'yes yes yes yes'],
    ['traceidratio', '0.5', 1, 'no yes no no'],
    ['parentbased_always_on', undefined, 0, 'yes yes yes no'],
    ['parentbased_always_off', undefined, 1, 'no no yes no'],
    ['parentbased_traceidratio', '0.5', undefined, 'no yes yes no'],
  ]
  for (const [name, arg, yaml, expected] of table) {
    const sampler = samplerOf(name, arg, yaml, (message) => t.fail(message))
    const decisions = [sampler(low, undefined), sampler(middle, undefined), sampler(low, true), sampler(low, false)]
    t.equal(decisions.map((yes) => (yes ? 'yes' : 'no')).join(' '), expected, `${name} ${arg} ${yaml}`)
  }
})

t.test('values that cannot be used are told and replaced', async (t) => {
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  t.equal(samplerOf('jaeger_remote', undefined, undefined, warn)(traceId('00000000000000'), undefined), true)
  t.equal(samplerOf('traceidratio', '1.5', 0, warn)(traceId('ffffffffffffff'), undefined), false)
  t.equal(samplerOf('traceidratio', 'half', undefined, warn)(traceId('00000000000000'), undefined), true)
  t.match(warnings, [/jaeger_remote/, /1\.5/, /half/])
})
