import { parseArgs } from 'node:util'

export interface Settings {
  readonly rounds: number
  /** Of each run; a program runs twice in a round. */
  readonly seconds: number
  /** Seconds of load per program that do not count: a Node server is slow until its code is compiled. */
  readonly warmUp: number
}

export interface Arguments {
  readonly words: readonly string[]
  readonly settings: Settings
  /** File for the result. */
  readonly json: string | undefined
  readonly list: boolean
}

/** Reads the command line. Throws on what it does not understand. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '2' },
      'warm-up': { type: 'string', default: '4' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  })
  const number = (key: 'rounds' | 'seconds' | 'warm-up'): number => {
    const value = Number(values[key])
    if (!(value > 0)) throw new Error(`--${key} must be a number above 0, not "${values[key]}"`)
    return value
  }
  return {
    words: positionals,
    settings: { rounds: number('rounds'), seconds: number('seconds'), warmUp: number('warm-up') },
    json: values.json,
    list: values.list,
  }
}
