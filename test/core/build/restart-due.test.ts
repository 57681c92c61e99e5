import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { digestOf } from '../../../core/base/file-digests.ts'
import { RestartNotice, restartDue } from '../../../core/build/restart-due.ts'
import type { RestartDue } from '../../../core/control/config-control.ts'
import { RecordingLogger } from '../../../core/testing.ts'
import { folder } from '../../support/process.ts'

t.test('the workers are named that run other code than is on disk', async (t) => {
  const dir = await folder(t, { 'p.js': 'new', 'q.js': 'same' })
  const code = (p: string, q = 'same') =>
    new Map(
      Object.entries({ p, q }).map(([name, text]) => [
        `./${name}.js`,
        new Map([[join(dir, `${name}.js`), digestOf(Buffer.from(text))]]),
      ]),
    )
  const none = new Map()
  t.strictSame(restartDue(none), [])
  t.strictSame(restartDue(code('new')), [])
  t.strictSame(restartDue(code('old')), [{ plugin: './p.js', workers: [] }])
  const workers = new Map([
    [3, code('old')],
    [2, code('new', 'other')],
    [1, code('older')],
  ])
  t.strictSame(
    restartDue(none, workers).toSorted((a, b) => a.plugin.localeCompare(b.plugin)),
    [
      { plugin: './p.js', workers: [1, 3] },
      { plugin: './q.js', workers: [2] },
    ],
  )
  writeFileSync(join(dir, 'p.js'), 'old')
  t.strictSame(restartDue(none, new Map([[1, code('old')]])), [], 'the disk is as before')
  t.match(restartDue(new Map([['./a?token=abc', new Map([['/none', 'x']])]])), [{ workers: [] }])
})

t.test('it is logged once as long as it is due', async (t) => {
  const log = new RecordingLogger()
  let due: RestartDue[] = []
  const notice = new RestartNotice(() => due, log)
  t.strictSame(notice.check(), [])
  due = [{ plugin: './p.js', workers: [1, 2] }]
  t.strictSame(notice.check(), due)
  due = [{ plugin: './p.js', workers: [2] }]
  notice.check()
  t.match(log.lines, [{ level: 'warn', message: /"\.\/p\.js".*worker 1, 2 runs/ }])
  t.equal(log.lines.length, 1)
  due = []
  notice.check()
  due = [{ plugin: './p.js', workers: [] }]
  notice.check()
  t.equal(log.lines.length, 2)
})
