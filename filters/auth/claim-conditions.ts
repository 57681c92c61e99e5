import * as z from 'zod'
import { claimAt } from './bearer/claim-names.ts'

export type Claims = Readonly<Record<string, unknown>>
type Value = string | number | boolean

/** A condition on one claim. */
export interface ClaimCondition {
  /** As configured: its name, or a dotted path. */
  readonly name: string
  holds(claims: Claims): boolean
}

const MAX = 50

const value = () =>
  z.union([z.string().min(1), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' })

/** Conditions on claims by name or dotted path: a value, or a list of which one is enough. */
export const claimConditions = () =>
  z
    .record(
      z.string().min(1),
      z.union([value(), z.array(value()).min(1).max(MAX)], {
        error: `expected a text, a number, true or false, or a list of at most ${MAX} of them`,
      }),
    )
    .superRefine((conditions, context) => {
      const { length } = Object.keys(conditions)
      if (length === 0 || length > MAX)
        context.addIssue({ code: 'custom', message: `expected 1 to ${MAX} claims (or leave the key out)` })
    })

export type GivenClaims = z.output<ReturnType<typeof claimConditions>>

/**
 * Values are compared with their type: the text `"1"` is not the number `1`. A list in the claims holds if one of its entries is
 * wanted; a mapping never does.
 */
export function conditionsOf(given: GivenClaims): readonly ClaimCondition[] {
  return Object.entries(given).map(([name, wanted]) => {
    const values = new Set<unknown>(Array.isArray(wanted) ? wanted : [wanted as Value])
    return {
      name,
      holds(claims) {
        const found = claimAt(claims, name)
        if (!Array.isArray(found)) return values.has(found)
        for (const one of found) if (values.has(one)) return true
        return false
      },
    }
  })
}
