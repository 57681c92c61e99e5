import * as z from 'zod'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
}

const DURATION = /^\s*(\d+(?:\.\d+)?)\s*(?:(ms|s|m|h|d)\s*)?$/
const SIZE = /^\s*(\d+(?:\.\d+)?)\s*(?:((?:[KkMmGg][Ii]?)?[Bb])\s*)?$/

/** Milliseconds of a duration as the YAML writes it, or undefined: a number of seconds, or `250ms`, `30s`, `5m`, `1h`. */
export function parseDuration(value: number | string): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value * 1000 : undefined
  const match = DURATION.exec(value)
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] ?? 's']!
}

/** Bytes of a size as the YAML writes it, or undefined: a number, or `64KiB`, `10MiB`. */
export function parseSize(value: number | string): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = SIZE.exec(value)
  return match === null ? undefined : Math.round(Number(match[1]) * SIZES[(match[2] ?? '').toLowerCase()]!)
}

interface Quantity {
  readonly title: string
  readonly examples: readonly (number | string)[]
  readonly parse: (value: number | string) => number | undefined
  readonly pattern: RegExp
  readonly number: z.ZodNumber
  /** Message for a value that is none. */
  readonly expected: string
}

function quantity({ title, examples, parse, pattern, number, expected }: Quantity) {
  return z
    .union([number, z.string().meta({ pattern: pattern.source })], { error: expected })
    .meta({ title, examples: [...examples] })
    .transform((value, context) => {
      const parsed = parse(value)
      if (parsed !== undefined) return parsed
      context.addIssue({ code: 'custom', message: expected })
      return z.NEVER
    })
}

/**
 * Schema of a duration, for the options of a filter: a number of seconds, or `250ms`, `30s`, `5m`, `1h`, `1d`. Its output is
 * milliseconds.
 *
 * @example const options = z.strictObject({ timeout: duration().prefault('500ms') }) // { timeout: 500 }
 */
export const duration = () =>
  quantity({
    title: 'duration',
    examples: ['250ms', '30s', '5m', 2.5],
    parse: parseDuration,
    pattern: DURATION,
    number: z.number().meta({ minimum: 0 }),
    expected: 'expected a duration: seconds, or a string such as 250ms, 30s, 5m',
  })

/**
 * Schema of a size, for the options of a filter: a number of bytes, or `64KiB`, `10MiB`, `1GB`. Its output is bytes.
 *
 * @example const options = z.strictObject({ max_size: size().prefault('1MiB') }) // { max_size: 1048576 }
 */
export const size = () =>
  quantity({
    title: 'size',
    examples: ['64KiB', '10MiB', 512],
    parse: parseSize,
    pattern: SIZE,
    number: z.number().meta({ type: 'integer', minimum: 0 }),
    expected: 'expected a size: bytes, or a string such as 64KiB, 10MiB',
  })
