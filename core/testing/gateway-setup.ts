import type { FilterFactory } from '../api/filter-factory.ts'
import type { LoggedLine } from './recording-logger.ts'
import type { ServiceValue } from './run/chain-setup.ts'

/** What a gateway on a configuration is started with. All of it may be left out. */
export interface GatewaySetup {
  /** Folder that `include`, `plugins` and relative paths start from. Default: the working directory. */
  readonly dir?: string
  /** Variables for `${NAME}` in the YAML; the process's own are not read. */
  readonly env?: Readonly<Record<string, string>>
  /** Filters beside the built-in ones and those of `plugins`. */
  readonly filters?: readonly FilterFactory[]
  /** Services beside those of the gateway. */
  readonly services?: readonly ServiceValue[]
  /** Called for every line of the log: `console.log`, to see what happens. */
  readonly log?: (line: LoggedLine) => void
}
