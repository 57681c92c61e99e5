import t from 'tap'
import { type LogFormat, LogOutput } from '../../../core/observe/log-output.ts'

const LINE = '{"level":30,"time":0,"msg":"x"}\n'

/** An output, and what it has written. */
function make(terminal = { isTTY: false, noColor: false }): { output: LogOutput; text: () => string } {
  let text = ''
  const write = (more: string | Buffer): boolean => {
    text += more.toString()
    return true
  }
  return { output: new LogOutput({ write, flushSync() {}, on() {} }, terminal), text: () => text }
}

async function written(format: LogFormat, terminal: { isTTY: boolean; noColor: boolean }): Promise<string> {
  const { output, text } = make(terminal)
  await output.setFormat(format, true)
  output.write(LINE)
  return text()
}

t.test('auto is pretty on a terminal, JSON elsewhere; colour is for terminals', async (t) => {
  const terminal = { isTTY: true, noColor: false }
  const pipe = { isTTY: false, noColor: false }
  const pretty = '1970-01-01T00:00:00.000Z INFO  x\n'
  t.equal(await written('auto', pipe), LINE)
  t.equal(await written('json', terminal), LINE)
  t.equal(await written('pretty', pipe), pretty)
  t.equal(await written('auto', { ...terminal, noColor: true }), pretty)
  t.match(await written('auto', terminal), '\x1b[36mINFO ')
})

t.test('the format can change back, and the last wish counts', async (t) => {
  const { output, text } = make()
  const first = output.setFormat('pretty', false)
  await output.setFormat('json', false)
  await first
  output.write(LINE)
  t.equal(text(), LINE)
})
