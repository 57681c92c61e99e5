import t from 'tap'
import { lineStart, PLAIN_STYLE, restyled } from '../../../core/observe/log-style.ts'

t.test('each part by itself', async (t) => {
  const line = '{"level":40,"time":1000,"msg":"{\\"level\\":40"}'
  t.equal(restyled(line, PLAIN_STYLE), line)
  t.equal(
    restyled(line, { isoTime: true, levelNames: false }),
    '{"level":40,"time":"1970-01-01T00:00:01.000Z","msg":"{\\"level\\":40"}',
  )
  t.equal(restyled(line, { isoTime: false, levelNames: true }), line.replace('40', '"warn"'))
  t.equal(lineStart(30, 5, PLAIN_STYLE), '{"level":30,"time":5')
})
