import { build, release } from './build.ts'
import { CONFIG_OPTION, type Command, count, fileOf, JSON_OPTION } from './command.ts'

export const validate: Command = {
  name: 'validate',
  summary: 'check a configuration without starting anything',
  takes: ['[FILE]'],
  options: { config: CONFIG_OPTION, json: JSON_OPTION },
  text: `Checks FILE (weir.yaml by default) as "run" does, including plugins and the options of filters, and prints every problem
with its place. The exit code is 0 if the file is valid, and 78 if not.`,
  examples: ['weir validate', 'weir validate staging.yaml --json'],
  async run(args, host) {
    const file = fileOf(args)
    const built = await build(file, host)
    await release(built)
    const { endpoints, listeners } = built.config.spec
    return {
      text: `${file} is valid: ${count(endpoints.length, 'endpoint')}, ${count(listeners.length, 'listener')}\n`,
      data: { file, valid: true, endpoints: endpoints.length, listeners: listeners.length },
      findings: built.findings,
    }
  },
}
