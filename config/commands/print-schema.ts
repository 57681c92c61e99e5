import { loadConfig } from '../live/config-loader.ts'
import { schemaText } from '../schema/reference-page.ts'
import { type Command, fileOf } from './command.ts'
import { findings } from './report.ts'

export const printSchema: Command = {
  name: 'print-schema',
  summary: 'print the JSON Schema of a configuration, for editors',
  takes: [],
  options: {
    config: { type: 'string', short: 'c', value: 'FILE', help: 'add the options of the plugins that FILE names' },
    markdown: { type: 'boolean', help: 'print the reference of every key instead' },
  },
  text: `Prints the JSON Schema of a configuration with the options of every filter, for editors to complete and check it.`,
  examples: ['weir print-schema > weir.schema.json', 'weir print-schema --config weir.yaml --markdown'],
  async run(args, host) {
    const config = args.values.config === undefined ? undefined : await loadConfig(fileOf(args))
    return {
      text: schemaText(await host.catalog(config), args.values.markdown === true ? 'markdown' : 'json'),
      findings: config === undefined ? [] : findings('warning', config.warnings, config.document),
    }
  },
}
