import { build, release } from './build.ts'
import { CONFIG_OPTION, type Command, fileOf, JSON_OPTION } from './command.ts'
import { readRequest } from './described-request.ts'
import { explanationOf } from './explained-request.ts'
import { textOf } from './explanation.ts'
import { rehearseRequest } from './rehearsed-request.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'show what would happen to a request, and why',
  takes: ['METHOD', 'URL'],
  options: {
    header: { type: 'string', short: 'H', multiple: true, value: "'NAME: VALUE'", help: 'a header; may be repeated' },
    config: CONFIG_OPTION,
    json: JSON_OPTION,
  },
  text: `Takes a request through the chain as "run" does, up to the call of the upstream, which is not made. Shows what each
filter does with it, and the options in force with their places. URL is absolute, or a path. An absolute URL with the
port of another listener goes to that listener.

It does not use the network. What needs the network, or the running gateway, is shown as unknown.`,
  examples: [
    'weir explain GET /orchestrator/v1/echo/hello',
    `weir explain POST https://api.example.com/orders -H "Authorization: Bearer $TOKEN" --config weir.yaml`,
  ],
  async run(args, host) {
    const [method = '', url = ''] = args.positionals
    const described = readRequest(method, url, (args.values.header ?? []) as readonly string[])
    const built = await build(fileOf({ ...args, positionals: [] }), host)
    const { config, snapshot, catalog } = built
    const { spec, settings, document } = config
    const { clientHeaders } = settings
    const rehearsed = await rehearseRequest(described, { spec, clientHeaders, catalog, chains: snapshot.chains })
    const explained = explanationOf(described, rehearsed, { spec, document })
    await release(built)
    return { text: textOf(explained), data: { ...explained }, findings: built.findings }
  },
}
