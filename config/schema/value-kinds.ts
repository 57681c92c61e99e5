import * as z from 'zod'
import { TOKEN_SOURCE } from '../../core/base/tokens.ts'
import { duration, size } from '../../core/base/units.ts'
import type { LogLevel } from '../../core/observe/root-logger.ts'
import { type Parsed, parseHostPattern, parseListen, parseTarget } from './address.ts'

// The kinds of values in a document. Messages that start with "expected" get ", found …" appended (read-shape.ts);
// others are whole sentences.

const parsed =
  <I, T>(parse: (value: I) => Parsed<T>) =>
  (value: I, context: z.RefinementCtx): T => {
    const result = parse(value)
    if ('value' in result) return result.value
    context.addIssue({ code: 'custom', message: result.problem })
    return z.NEVER
  }

/** A text that a function parses. Editors check it by its pattern, which is never stricter than the function. */
export const written = <T>(title: string, pattern: RegExp, parse: (value: string) => Parsed<T>, expected?: string) =>
  z.string({ error: expected }).meta({ title, pattern: pattern.source }).transform(parsed(parse))

/**
 * An object with only these keys. The message for an unknown key lists them.
 * @param expected what a value that is no mapping should have been
 */
export function section<S extends z.ZodRawShape>(shape: S, expected?: string) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return Object.keys(shape).join(' ')
      return issue.code === 'invalid_type' ? expected : undefined
    },
  })
}

/** The values that could be read from a mapping. Keys that are absent or invalid are left out. */
export type Values<S extends z.ZodRawShape> = { readonly [K in keyof S]?: Exclude<z.output<S[K]>, undefined> }

export const text = () => z.string().min(1)
export const oneOrMore = <T extends z.ZodType>(item: T, expected?: string) =>
  z.array(item, { error: expected }).min(1, 'expected a list with at least one entry (or leave the key out)')
export const listOrOne = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((value) => [value]), oneOrMore(item)], { error: 'expected a value or a list of them' })
export const textOrTexts = () => z.union([text(), oneOrMore(text())], { error: 'expected a text or a list of texts' })

/** Words in upper or lower case. Editors offer the examples. */
const anyCase = (words: readonly string[], examples = words) => ({
  examples: [...examples],
  pattern: `^(?:${words.join('|').replace(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`)})$`,
})

const LISTEN = /^\s*(?:(?:\[[^\]]*\]|[^[\]:]*):)?\d{1,5}\s*$/
export const listen = () =>
  z
    .union([z.int().min(0).max(65535), z.string().meta({ pattern: LISTEN.source })], {
      error: 'expected a port or "host:port"',
    })
    .meta({ title: 'address', examples: [8000, '127.0.0.1:8000'] })
    .transform(parsed(parseListen))
export const url = () =>
  written(
    'URL of an upstream',
    /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#@]+(?:\/[^?#]*)?$/,
    parseTarget,
    'expected one URL (several stand in "targets": [{ url: "http://…" }])',
  )
export const host = () => written('host', /^(?:\[.+\]|[^\s[\]:/?#@]+)$/, parseHostPattern)
export const absolutePath = () =>
  z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'expected a path that starts with /')
    .regex(/^[^#]*$/, "a path here can't have a fragment. Remove the # and the rest")
export const httpUrl = () =>
  z
    .string()
    .refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), 'expected an http:// or https:// URL')
    .meta({ title: 'http or https URL', pattern: '^[Hh][Tt][Tt][Pp][Ss]?:' })

/** Turns something off: the word, or YAML's `false`. */
export const off = () => z.literal(['off', false])

export const options = () => z.record(z.string(), z.unknown())
const namePattern = /^(?!\.\.?$)[A-Za-z0-9._~-]+$/
export const GROUP_NAME = namePattern
const NAME = 'expected letters, digits and . _ ~ - only'
// Loading keeps the text of numbers here (`version: 1.0`).
export const label = () =>
  z
    .string()
    .regex(namePattern, NAME)
    .meta({ title: 'letters, digits, . _ ~ -', type: ['string', 'number'] })

export const LOG_LEVELS = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
  'silent',
] as const satisfies readonly LogLevel[]
// Names of the same levels in other loggers.
const LEVEL_NAMES: Readonly<Record<string, string>> = { warning: 'warn', critical: 'fatal' }
export const logLevel = () =>
  z
    .string()
    .meta(anyCase([...LOG_LEVELS, ...Object.keys(LEVEL_NAMES)], LOG_LEVELS))
    .transform((level) => LEVEL_NAMES[level.toLowerCase()] ?? level.toLowerCase())
    .pipe(z.enum(LOG_LEVELS))

const AUTH_TYPES = ['bearer', 'api_key', 'basic', 'none'] as const
const CREDENTIALS = ['bearer', 'api_key', 'basic'] as const
const word = <const W extends readonly string[]>(words: W) =>
  z.string().meta(anyCase(words)).toLowerCase().pipe(z.enum(words))
/** One kind of credentials, a list of which one is enough, or none. */
export const authType = () =>
  z.union([word(AUTH_TYPES), oneOrMore(word(CREDENTIALS))], {
    error: ({ input }) =>
      typeof input === 'string' || Array.isArray(input)
        ? `expected one of ${AUTH_TYPES.map((name) => `"${name}"`).join(', ')}, or a list of the first three`
        : 'expected a text or a list of texts',
  })

/** Names that a filter, and an instance of it, may have. */
export const FILTER_NAME = /^[A-Za-z][\w.-]*$/
export const filterName = () => text().meta({ title: 'name of a filter', pattern: FILTER_NAME.source })

const UPGRADE_PROTOCOL = new RegExp(`^${TOKEN_SOURCE}(?:/${TOKEN_SOURCE})?$`)
/** A protocol of `Upgrade` (RFC 9110 §7.8), in lower case. */
export const upgradeProtocol = () =>
  z
    .string()
    .regex(UPGRADE_PROTOCOL, 'expected a protocol such as websocket')
    .transform((value) => value.toLowerCase())
    .refine((value) => value !== 'h2c' && !value.startsWith('http/'), "HTTP itself can't be tunnelled: leave it out")

const FIELD_NAME = new RegExp(`^(?!\\*)${TOKEN_SOURCE}$`)

/** @param why a name is refused; undefined if it is not */
export const fieldName = (why: (name: string) => string | undefined) =>
  written('header field', FIELD_NAME, (name) => {
    if (!FIELD_NAME.test(name)) return { problem: 'expected the name of a header field such as X-Forwarded-Prefix' }
    const problem = why(name)
    return problem === undefined ? { value: name } : { problem }
  })

export const positiveDuration = () => duration().refine((ms) => ms > 0, 'expected a duration above 0')
export const sizeBetween = (least: number, most: number, expected: string) =>
  size().refine((bytes) => bytes >= least && bytes <= most, expected)
