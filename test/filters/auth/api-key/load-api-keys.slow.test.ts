import t from 'tap'
import { loadText } from './support.ts'

t.test('a list has at most 100,000 keys, and requests are served while it is read', async (t) => {
  const item = (i: number): string => `- id: k${i}\n  hash: sha256:${i.toString(16).padStart(64, '0')}\n`
  const text = Array.from({ length: 100_001 }, (_, i) => item(i)).join('')
  let turns = 0
  let reading = true
  const turn = (): void => {
    turns++
    if (reading) setImmediate(turn)
  }
  setImmediate(turn)
  await t.rejects(loadText(text), { message: 'keys.yaml:200001: there are more than 100000 keys' })
  reading = false
  t.ok(turns > 200, `${turns} turns of the event loop`)
})
