import type { Command } from '../../config/commands/command.ts'
import { dispatch } from '../../config/commands/dispatch.ts'
import { styleFor } from '../../config/commands/report.ts'
import { HOST, runCommand } from './run-command.ts'
import { NO_SIGNALS } from './signals.ts'

/**
 * Runs the command line and ends the process with its exit code. Without `exit`, a timer of a plugin or a retry of an exporter
 * could keep the process alive.
 * @param signals caught since the start of the process
 */
export async function main(args: string[], signals = NO_SIGNALS): Promise<never> {
  if (args[0] === 'worker') {
    const { runWorker } = await import('./worker.ts')
    return runWorker(args[1])
  }
  // `run` does not load the other commands, so that the gateway starts faster.
  const others = args[0] === 'run' ? [] : await otherCommands()
  // A reader that has seen enough (`weir print-schema | head`) is no error.
  if (args[0] !== 'run') process.stdout.on('error', () => process.exit(0))
  const code = await dispatch(args, [runCommand(signals), ...others], HOST, {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    style: styleFor(process.stderr, process.env),
  })
  await new Promise((resolve) => process.stdout.write('', resolve))
  process.exit(code)
}

async function otherCommands(): Promise<readonly Command[]> {
  const { COMMANDS } = await import('../../config/commands/index.ts')
  const { keysCommand } = await import('./keys-command.ts')
  const { tokenCommand } = await import('./token-command.ts')
  return [...COMMANDS, keysCommand, tokenCommand]
}
