export type Command = 'weir' | 'run' | 'validate' | 'version'

/** What `--help` says. */
export const HELP: Readonly<Record<Command, string>> = {
  weir: `Weir, an API gateway

Usage: weir <command> [options]

  run [--config FILE]   start the gateway (FILE: weir.yaml; written if it is not there)
  validate [FILE]       check a configuration without starting anything
  version               print the version

Each command has --help. Exit codes: 0 fine, 1 failure at run time, 2 wrong usage, 78 configuration error.
`,
  run: `Usage: weir run [--config FILE]

Starts the gateway and runs until SIGTERM or SIGINT: then requests in flight finish and it exits with 0. A second signal
exits at once.

  -c, --config FILE   the configuration; without it weir.yaml in this folder, which is written if it does not exist
`,
  validate: `Usage: weir validate [FILE]

Checks FILE (weir.yaml by default) as "run" would load it, plugins and the filters' options included, and prints every
problem with its place. Exit code 0 if it is valid, 78 if not.
`,
  version: `Usage: weir version

Prints Weir's version and Node's.
`,
}
