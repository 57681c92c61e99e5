import * as z from 'zod'
import { compilePath, type PathPattern, TOKEN_PATTERN } from '../../core/index.ts'
import { claimConditions } from './claim-conditions.ts'
import { clientRanges } from './client-ranges.ts'
import { SCOPE_PATTERN } from './option-parts.ts'

const MAX_RULES = 250
const MAX_ENTRIES = 50
/** Steps of all expressions together: what is larger costs too much per byte of a path. */
const MAX_STEPS = 2000

const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .min(1, 'expected a list with at least one entry (or leave the key out)')
    .max(MAX_ENTRIES, `expected at most ${MAX_ENTRIES} entries`)

const form = (kind: 'prefix' | 'exact' | 'regex', what: string) =>
  z
    .string()
    .superRefine((text, context) => {
      const compiled = compilePath({ [kind]: text } as unknown as PathPattern)
      if (typeof compiled === 'string') context.addIssue({ code: 'custom', message: `expected ${compiled}` })
    })
    .describe(what)

const PATH = 'expected a path such as /users/{id}, or { exact: … }, or { regex: … }'
const pattern = () =>
  z.union(
    [
      form('prefix', 'Path prefix by whole segments.'),
      z
        .strictObject({
          exact: form('exact', 'The whole path, without what may follow it. Default: none.').optional(),
          regex: form(
            'regex',
            'Expression in the syntax of RE2 that matches the whole path. Default: none.',
          ).optional(),
        })
        .refine((given) => Object.keys(given).length === 1, 'expected either exact or regex')
        .meta({ minProperties: 1, maxProperties: 1 }),
    ],
    { error: PATH },
  )

type Pattern = z.output<ReturnType<typeof pattern>>

const rule = () =>
  z
    .strictObject({
      methods: list(
        z
          .string()
          .regex(TOKEN_PATTERN, 'expected a method')
          .transform((method) => method.toUpperCase()),
      )
        .optional()
        .describe('Methods of the requests that the rule is for; GET includes HEAD. Default: every method.'),
      path: z
        .union([pattern(), list(pattern())], { error: `${PATH}, or a list of at most ${MAX_ENTRIES} of them` })
        .optional()
        .describe(
          'Paths, as the client sends them: a prefix by whole segments, with `{parameters}` for segments, or `{ exact: … }`, or `{ regex: … }`. Default: every path.',
        ),
      client: clientRanges().optional().describe('Addresses and ranges of clients. Default: every client.'),
      roles: list(z.string().min(1))
        .optional()
        .describe('Roles of which the caller needs at least one. Default: none.'),
      scopes: list(z.string().regex(SCOPE_PATTERN, 'expected a scope (RFC 6749 §3.3)'))
        .optional()
        .describe('Scopes that the caller needs, all of them. Default: none.'),
      claims: claimConditions()
        .optional()
        .describe(
          'Claims that the caller needs, all of them: a name or a dotted path with a value, or with a list of which one is enough. Default: none.',
        ),
      deny: z.literal(true).optional().describe('Refuses every caller. Default: the demands decide.'),
    })
    .refine(({ deny, roles, scopes, claims }) => deny === undefined || (roles ?? scopes ?? claims) === undefined, {
      path: ['deny'],
      error: 'deny refuses every caller: remove it, or remove roles, scopes and claims',
    })

export type AccessRule = z.output<ReturnType<typeof rule>>

/** The option `rules`. */
export const accessRules = () =>
  z
    .array(rule())
    .max(MAX_RULES, `expected at most ${MAX_RULES} rules`)
    .superRefine((rules, context) => {
      const steps = rules.flatMap(givenOf).reduce((sum, one) => sum + stepsOf(one), 0)
      if (steps > MAX_STEPS)
        context.addIssue({
          code: 'custom',
          message: `the expressions of all rules make ${steps} steps together, at most ${MAX_STEPS} are allowed: use fewer or simpler ones`,
        })
      const every = rules.findIndex(({ methods, path, client }) => (methods ?? path ?? client) === undefined)
      if (every !== -1 && every < rules.length - 1)
        context.addIssue({
          code: 'custom',
          path: [every + 1],
          message: 'no request reaches this rule, because the one before it is for every request: change their order',
        })
    })
    .optional()
    .describe(
      'Rules for authenticated callers: the first whose `methods`, `path` and `client` match decides by what it demands; where none matches, the request is refused. Implies `required`, unless the list is empty. Default: `roles` and `scopes` alone decide.',
    )

/** The paths of a rule; none: every path. */
export const patternsOf = (rule: Pick<AccessRule, 'path'>): readonly PathPattern[] =>
  givenOf(rule).map((given) => (typeof given === 'string' ? { prefix: given } : (given as PathPattern)))

function givenOf({ path }: Pick<AccessRule, 'path'>): readonly Pattern[] {
  if (path === undefined) return []
  return Array.isArray(path) ? path : [path]
}

/** @param given may be wrong in itself: then that is a problem of its own */
function stepsOf(given: Pattern): number {
  if (typeof given === 'string' || given.regex === undefined) return 0
  const compiled = compilePath({ regex: given.regex })
  return typeof compiled === 'string' ? 0 : compiled.steps
}
