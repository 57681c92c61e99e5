import * as z from 'zod'
import type { Condition, Match, PathPattern, ValuePattern } from '../../core/api/endpoint.ts'
import { TOKEN_SOURCE } from '../../core/base/tokens.ts'
import { parseExpression, unmatchable } from '../../core/match/expression.ts'
import { parseTemplate } from '../../core/match/path-template.ts'
import { host, listOrOne, oneOrMore, section, text, type Values, written } from './value-kinds.ts'

// What leads to an endpoint.

const PATH = /^\/[^\s?#\\]*$/

/** A path with parameters. @param whole a slash at its end counts */
const path = (whole: boolean) =>
  written('path', PATH, (value) => {
    const parsed = parseTemplate(value, whole)
    if (typeof parsed === 'string') return { problem: `expected ${parsed}` }
    if (
      parsed.some((segment, i) => 'literal' in segment && segment.literal === '' && !(whole && i === parsed.length - 1))
    )
      return { problem: 'expected a path without empty segments' }
    return { value: whole || value === '/' ? value : value.replace(/\/$/, '') }
  })

/** @param check what else was expected, after that word */
const expression = (check?: (value: string) => string | undefined) =>
  text().transform((value, context) => {
    const parsed = parseExpression(value)
    const expected = typeof parsed === 'string' ? parsed : check?.(value)
    if (expected === undefined) return value
    context.addIssue({ code: 'custom', message: `expected ${expected}` })
    return z.NEVER
  })

export const pathPrefix = () => path(false)

/** A mapping of which exactly one key is given. */
function oneOf<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape)
  return section(shape)
    .refine((value) => Object.keys(value).length === 1, `expected exactly one of ${keys.join(', ')}`)
    .meta({ minProperties: 1, maxProperties: 1 })
}

const pathPattern = () =>
  z.union(
    [
      path(false).transform((prefix): PathPattern => ({ prefix })),
      oneOf({
        prefix: path(false).optional().describe('Path prefix by whole segments, as the text alone. Default: none.'),
        exact: path(true).optional().describe('The whole path, without what may follow it. Default: none.'),
        regex: expression(unmatchable)
          .optional()
          .describe('Expression in the syntax of RE2 that matches the whole path. Default: none.'),
      }).transform((value) => value as PathPattern),
    ],
    { error: 'expected a path such as /users/{id}, or { exact: … }, or { regex: … }' },
  )

const scalar = () => z.union([z.string(), z.number(), z.boolean()]).transform(String)

const valuePattern = () =>
  z.union(
    [
      scalar().transform((value): ValuePattern => ({ any: [value] })),
      oneOrMore(scalar()).transform((any): ValuePattern => ({ any })),
      oneOf({
        present: z.boolean().optional().describe('Whether it is there, with any value. Default: none.'),
        regex: expression()
          .optional()
          .describe('Expression in the syntax of RE2 that matches the whole value. Default: none.'),
      }).transform((value) => value as ValuePattern),
    ],
    { error: 'expected a value, a list of values, { present: true }, or { regex: … }' },
  )

/** @param name what keys must be; undefined: any text */
const conditions = (what: string, name?: RegExp) =>
  z
    .record(z.string(), valuePattern(), { error: `expected a mapping from ${what}s to values` })
    .superRefine((values, context) => {
      for (const key of Object.keys(values))
        if (name?.test(key) === false)
          context.addIssue({ code: 'custom', path: [key], message: `expected the name of a ${what} before the colon` })
    })

const TOKEN = new RegExp(`^${TOKEN_SOURCE}$`)
export const matchShape = {
  host: listOrOne(host())
    .optional()
    .describe('Hosts, without port; `*.example.com` means every name below it. Default: every host.'),
  path: listOrOne(pathPattern())
    .optional()
    .describe(
      'Path: a prefix by whole segments, with `{parameters}` for segments, or `{ exact: … }`, or `{ regex: … }`. Default: every path.',
    ),
  methods: oneOrMore(
    z
      .string()
      .regex(TOKEN, 'expected a method')
      .transform((method) => method.toUpperCase()),
  )
    .optional()
    .describe('Methods; GET includes HEAD. With others the next match is tried. Default: every method.'),
  headers: conditions('header field', TOKEN)
    .optional()
    .describe(
      'Values of header fields, by name; those of repeated fields are joined with a comma. Default: no condition.',
    ),
  query: conditions('query key')
    .optional()
    .describe('Values of query keys, decoded; the first of repeated keys counts. Default: no condition.'),
  cookies: conditions('cookie', TOKEN)
    .optional()
    .describe('Values of cookies; the first of repeated cookies counts. Default: no condition.'),
}

export const matches = () =>
  oneOrMore(
    section(matchShape, 'expected a mapping, such as { path: /shop, methods: [GET] }'),
    'expected a list of matches, each with a dash: - { path: /shop }',
  )

type Given = Values<typeof matchShape>
type MatchValues = { readonly [K in keyof Given]?: Given[K] | undefined }

/** The bytes of a text, as they arrive in a field. */
const bytes = (value: string): string => Buffer.from(value, 'utf8').toString('latin1')
const inBytes = (pattern: ValuePattern): ValuePattern => ('any' in pattern ? { any: pattern.any.map(bytes) } : pattern)

function listed(
  values: Readonly<Record<string, ValuePattern>> | undefined,
  map = (value: ValuePattern) => value,
): Condition[] {
  return Object.entries(values ?? {}).map(([name, value]) => ({ name, value: map(value) }))
}

/** An entry as matches of one host and one path each. @param at its place in the endpoint */
export function matchesOf(values: MatchValues, at: readonly (string | number)[]): Match[] {
  const { host: hosts = [undefined], path: paths = [{ prefix: '/' }], methods = [], headers, query, cookies } = values
  const place = (key: string, list: readonly unknown[], i: number) => (list.length > 1 ? [...at, key, i] : [...at, key])
  return hosts.flatMap((one, h) =>
    paths.map((pattern, p) => ({
      host: one,
      path: pattern,
      methods,
      headers: listed(headers, inBytes).map(({ name, value }) => ({ name: name.toLowerCase(), value })),
      query: listed(query),
      cookies: listed(cookies, inBytes),
      at: {
        host: place('host', hosts, h),
        path: values.path === undefined ? (one === undefined ? at : place('host', hosts, h)) : place('path', paths, p),
      },
    })),
  )
}
