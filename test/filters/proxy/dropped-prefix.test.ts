import t from 'tap'
import type { Exchange } from '../../../core/index.ts'
import { droppedPrefix } from '../../../filters/proxy/dropped-prefix.ts'

const dropped = (path: string, rest: string): string =>
  droppedPrefix({ request: { path }, route: { path: rest } } as unknown as Exchange)

t.test('what was dropped', async (t) => {
  t.equal(dropped('/a/b/c', '/c'), '/a/b')
  t.equal(dropped('/a//c', '/c'), '/a')
  t.equal(dropped('/a', ''), '/a')
  t.equal(dropped('//evil.test/c', '/c'), '')
  t.equal(dropped('/a;b/c', '/c'), '')
  t.equal(dropped('/a/b', '/c'), '')
})

t.test('thousands of slashes cost no more than other characters', async (t) => {
  const began = performance.now()
  // Each 50 ms with an expression.
  for (let i = 0; i < 40; i++) dropped(`/rw${'/'.repeat(7900)}${i}/v1`, '/v1')
  t.ok(performance.now() - began < 500)
})
