import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { Turns } from '../../../core/fleet/turns.ts'

t.test('work beside other work, work alone, in the order in which it was asked for', async (t) => {
  const turns = new Turns()
  const running = new Set<string>()
  const seen: string[] = []
  const work = (name: string) => async () => {
    running.add(name)
    seen.push([...running].join('+'))
    for (let i = 0; i < 3; i++) await setImmediate()
    running.delete(name)
    if (name === 'bad') throw new Error(name)
    return name
  }
  const all = [
    turns.beside(work('a')),
    turns.beside(work('b')),
    turns.alone(work('C')),
    turns.alone(work('bad')),
    turns.beside(work('d')),
    turns.beside(work('bad')),
    turns.alone(work('E')),
  ]
  t.match(
    (await Promise.allSettled(all)).map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
    ['a', 'b', 'C', 'failed', 'd', 'failed', 'E'],
  )
  t.strictSame(seen, ['a', 'a+b', 'C', 'bad', 'd', 'd+bad', 'E'])
})
