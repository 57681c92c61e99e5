import { dispatch } from '../../config/commands/dispatch.ts'
import { styleFor } from '../../config/commands/report.ts'
import { HOST, RUN } from './run-command.ts'

/**
 * Runs the command line and ends the process with its exit code. Without `exit`, a timer of a plugin or a retry of an exporter
 * could keep the process alive.
 */
export async function main(args: string[]): Promise<never> {
  // `run` does not load the other commands, so that the gateway starts faster.
  const others = args[0] === 'run' ? [] : (await import('../../config/commands/index.ts')).COMMANDS
  // A reader that has seen enough (`weir print-schema | head`) is no error.
  if (args[0] !== 'run') process.stdout.on('error', () => process.exit(0))
  const code = await dispatch(args, [RUN, ...others], HOST, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    style: styleFor(process.stderr, process.env),
  })
  await new Promise((resolve) => process.stdout.write('', resolve))
  process.exit(code)
}
