import { writeFileSync } from 'node:fs'
import t from 'tap'
import { writtenRevocations } from '../../../core/main/written-revocations.ts'
import { frameBytes } from '../../../plugins/tokens/log-frames.ts'
import type { TokenRecord } from '../../../plugins/tokens/records.ts'
import { folder } from '../../support/process.ts'
import { NOW } from './token-support.ts'

t.test('sessions in the state file', async (t) => {
  const dir = await folder(t)
  const file = `${dir}/state`
  const session = {
    sid: 's1',
    subject: 'ann',
    client: undefined,
    scopes: [],
    stamp: '',
    expires: 2,
    generation: 0,
    tokensUntil: 1,
  }
  const records: TokenRecord[] = [
    { t: 'open', session: { ...session, id: 'f1', ended: undefined } },
    { t: 'open', session: { ...session, id: 'f2', sid: 's2', ended: 7 } },
    { t: 'open', session: { ...session, id: 'f3', sid: 's3', ended: undefined } },
    { t: 'turn', id: 'f3', generation: 1, tokensUntil: 5 },
    { t: 'end', id: 'f1', until: 9 },
    { t: 'end', id: 'unknown', until: 9 },
  ]
  writeFileSync(file, frameBytes({ sequence: 0, at: NOW, records }))
  t.strictSame(writtenRevocations(file), [
    ['s2', 7],
    ['s1', 9],
  ])
  t.throws(() => writtenRevocations(`${dir}/none`), { message: /there is no such file/ })
})
