import { type Command, JSON_OPTION } from './command.ts'

export const version: Command = {
  name: 'version',
  summary: "print Weir's version and Node's",
  takes: [],
  options: { json: JSON_OPTION },
  text: "Prints Weir's version and Node's. `weir --version` does the same.",
  examples: ['weir version', 'weir version --json'],
  async run(_args, host) {
    return {
      text: `weir ${host.version} (Node ${process.version})\n`,
      data: { version: host.version, node: process.version.slice(1) },
    }
  },
}
