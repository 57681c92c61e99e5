import * as z from 'zod'

const MAX_ROLES = 500
const MAX_INCLUDED = 100

type Included = Readonly<Record<string, readonly string[]>>

/** The option `role_hierarchy`. */
export const roleHierarchy = () =>
  z
    .record(
      z.string().min(1),
      z.array(z.string().min(1)).min(1).max(MAX_INCLUDED, `expected at most ${MAX_INCLUDED} roles`),
    )
    .superRefine((included, context) => {
      if (Object.keys(included).length > MAX_ROLES) {
        context.addIssue({ code: 'custom', message: `expected at most ${MAX_ROLES} roles` })
        return
      }
      const circle = circleIn(included)
      if (circle !== undefined)
        context.addIssue({
          code: 'custom',
          path: [circle[0]!],
          message: `these roles include one another: ${circle.join(' > ')}. Remove one of the steps`,
        })
    })
    .default({})
    .describe('Roles with those that they include, and what these include: `{ admin: [clerk], clerk: [customer] }`.')

/** Roles of which each includes the next, and the last is the first again. */
function circleIn(included: Included): readonly string[] | undefined {
  const done = new Set<string>()
  const path = new Set<string>()
  const visit = (role: string): readonly string[] | undefined => {
    if (path.has(role)) {
      const steps = [...path]
      return [...steps.slice(steps.indexOf(role)), role]
    }
    if (done.has(role) || !Object.hasOwn(included, role)) return undefined
    path.add(role)
    for (const next of included[role]!) {
      const circle = visit(next)
      if (circle !== undefined) return circle
    }
    path.delete(role)
    done.add(role)
    return undefined
  }
  for (const role of Object.keys(included)) {
    const circle = visit(role)
    if (circle !== undefined) return circle
  }
  return undefined
}

/**
 * Which roles include which. It widens what is demanded, once at load, rather than what each caller has: a check is then the same with
 * and without a hierarchy.
 */
export class RoleHierarchy {
  /** By a role, those that include it directly. */
  readonly #above = new Map<string, string[]>()

  /** @param included by a role, those that it includes; without circles */
  constructor(included: Included) {
    for (const [role, below] of Object.entries(included))
      for (const one of below) {
        const above = this.#above.get(one)
        if (above === undefined) this.#above.set(one, [role])
        else above.push(role)
      }
  }

  /** The roles, and all that include one of them, directly or not. */
  including(roles: readonly string[]): ReadonlySet<string> {
    const all = new Set(roles)
    // What is added is visited, too.
    for (const role of all) for (const above of this.#above.get(role) ?? []) all.add(above)
    return all
  }
}
