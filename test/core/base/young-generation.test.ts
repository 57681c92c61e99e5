import { constants, PerformanceObserver } from 'node:perf_hooks'
import t from 'tap'
import { bytesPassed } from '../../../core/base/young-generation.ts'

t.test('the young generation is collected after every 16 MiB, and the old one is left alone', async (t) => {
  const kinds: unknown[] = []
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) kinds.push((entry as unknown as { detail: { kind: number } }).detail.kind)
  })
  observer.observe({ entryTypes: ['gc'] })
  t.teardown(() => observer.disconnect())
  const minor = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MINOR).length
  }
  const before = await minor()
  for (let i = 0; i < 255; i++) bytesPassed(64 * 1024)
  const almost = await minor()
  for (let i = 0; i < 10; i++) for (let j = 0; j < 256; j++) bytesPassed(64 * 1024)
  const after = await minor()
  // Others may allocate meanwhile.
  t.ok(almost - before < 5, 'not yet')
  t.ok(after - almost >= 10, `${after - almost} collections`)
  t.ok(kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MAJOR).length < 5)
})
