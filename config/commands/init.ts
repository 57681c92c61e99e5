import { type Command, DEFAULT_FILE, JSON_OPTION } from './command.ts'
import { writeDefaultFile } from './default-file.ts'
import { table } from './text-table.ts'

export const init: Command = {
  name: 'init',
  summary: 'write a commented configuration to start with',
  takes: ['[FILE]'],
  options: { json: JSON_OPTION },
  text: `Writes a commented configuration to FILE (weir.yaml by default), with a small upstream for trials. If the file exists,
it is not changed, and the exit code is 1.`,
  examples: ['weir init', 'weir init gateway/weir.yaml'],
  async run({ positionals }) {
    const file = positionals[0] ?? DEFAULT_FILE
    await writeDefaultFile(file)
    const rest = file === DEFAULT_FILE ? '' : ` ${file}`
    const config = file === DEFAULT_FILE ? '' : ` --config ${file}`
    const next = table(
      [
        [`weir validate${rest}`, 'check it after each change'],
        [`weir run${config}`, 'start the gateway'],
        ['curl http://localhost:8000/orchestrator/v1/echo/hello', 'try it, from another terminal'],
      ],
      '  ',
    )
    return {
      text: `${file} was written. Next steps:\n\n${next}`,
      data: { file },
    }
  },
}
