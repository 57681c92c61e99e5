import t from 'tap'
import { LogLevels } from '../../../core/main/log-levels.ts'

t.test('a chosen level counts until another one is configured', async (t) => {
  const levels = new LogLevels()
  const applied: string[] = []
  const apply = (level: string): void => void applied.push(level)
  levels.configure('info', apply)
  levels.choose('debug')
  t.strictSame(levels.status, { level: 'debug', configured: 'info' })
  levels.configure('info', apply)
  levels.configure('warn', apply)
  t.strictSame(levels.status, { level: 'warn', configured: 'warn' })
  t.equal(levels.chosen, undefined)
  t.strictSame(applied, ['info', 'debug', 'debug', 'warn'])
})

t.test('what is chosen before there is a configuration counts', async (t) => {
  const levels = new LogLevels()
  levels.choose('trace')
  levels.configure('warn', () => {})
  t.strictSame(levels.status, { level: 'trace', configured: 'warn' })
})
