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

/** Milliseconds of a duration as the YAML writes it, or undefined: a number of seconds, or `250ms`, `30s`, `5m`, `1h`. */
export function parseDuration(value: number | string): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value * 1000 : undefined
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value.trim())
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] ?? 's']!
}

/** Bytes of a size as the YAML writes it, or undefined: a number, or `64KiB`, `10MiB`. */
export function parseSize(value: number | string): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(value.trim())
  return match === null ? undefined : Math.round(Number(match[1]) * SIZES[(match[2] ?? '').toLowerCase()]!)
}

function quantity(parse: (value: number | string) => number | undefined, what: string) {
  return z.union([z.number(), z.string()], { error: what }).transform((value, context) => {
    const parsed = parse(value)
    if (parsed !== undefined) return parsed
    context.addIssue({ code: 'custom', message: what })
    return z.NEVER
  })
}

/** Schema of a duration; its output is milliseconds. */
export const duration = () =>
  quantity(parseDuration, 'expected a duration: seconds, or a string such as 250ms, 30s, 5m')

/** Schema of a size; its output is bytes. */
export const size = () => quantity(parseSize, 'expected a size: bytes, or a string such as 64KiB, 10MiB')
