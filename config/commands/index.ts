import type { Command } from './command.ts'
import { diff } from './diff.ts'
import { explain } from './explain.ts'
import { init } from './init.ts'
import { plugins } from './plugins.ts'
import { printSchema } from './print-schema.ts'
import { routes } from './routes.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'

/** All commands but `run`, in the order of the help. */
export const COMMANDS: readonly Command[] = [validate, init, routes, explain, diff, plugins, printSchema, version]
