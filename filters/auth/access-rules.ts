import {
  compilePath,
  type Exchange,
  type Identity,
  normalPath,
  otherReadings,
  type PathMatcher,
} from '../../core/index.ts'
import { type AccessRule, patternsOf } from './access-options.ts'
import { conditionsOf, type GivenClaims } from './claim-conditions.ts'
import { ClientRanges } from './client-ranges.ts'
import { RoleHierarchy } from './role-hierarchy.ts'

/** Why an authenticated caller is refused, with the status of the reply. The last four are those of a router, and mean the same. */
export const ACCESS_REASONS = {
  role_missing: 403,
  scope_missing: 403,
  claim_missing: 403,
  rule_denied: 403,
  no_rule_matches: 403,
  path_ambiguous: 400,
  path_traversal: 400,
  path_invalid: 400,
  path_too_long: 414,
} as const

export type AccessReason = keyof typeof ACCESS_REASONS

/** One object for every request that is refused for the same reason. */
export interface Denial {
  readonly reason: AccessReason
  /** The roles of which one is needed, joined with "or"; the scope; or the name of the claim. For the operator, never for callers. */
  readonly missing?: string
}

/** What may be demanded of a caller. */
interface Demands {
  readonly roles?: readonly string[] | undefined
  readonly scopes?: readonly string[] | undefined
  readonly claims?: GivenClaims | undefined
}

export interface AccessOptions {
  /** Any one of them. Empty: none is needed. */
  readonly roles: readonly string[]
  /** All of them. */
  readonly scopes: readonly string[]
  /** Undefined: roles and scopes alone decide. */
  readonly rules?: readonly AccessRule[] | undefined
  /** By a role, those that it includes. */
  readonly roleHierarchy: Readonly<Record<string, readonly string[]>>
}

/** Why the caller is refused; undefined if not. Synchronous. */
export type Access = (x: Exchange, identity: Identity) => Denial | undefined

type Demand = (identity: Identity) => Denial | undefined

interface Rule {
  readonly methods: ReadonlySet<string> | undefined
  readonly paths: readonly PathMatcher[]
  /** Characters that a path may have at most. */
  readonly longest: number
  readonly client: ClientRanges | undefined
  readonly demands: readonly Demand[]
}

const NONE: readonly string[] = []

const denial = (reason: AccessReason): Denial => Object.freeze({ reason })
const DENIED = denial('rule_denied')
const NO_RULE = denial('no_rule_matches')
const AMBIGUOUS = denial('path_ambiguous')
const TOO_LONG = denial('path_too_long')
const FAULTS = { path_traversal: denial('path_traversal'), path_invalid: denial('path_invalid') } as const

/**
 * Compiles what callers need, at load. `roles` and `scopes` are checked before the rules. Of the rules, the first whose selectors all match
 * decides; where none does, the caller is refused.
 * @param options validated
 */
export function compileAccess({ roles, scopes, rules, roleHierarchy }: AccessOptions): Access {
  const hierarchy = new RoleHierarchy(roleHierarchy)
  const demands = demandsOf({ roles, scopes }, hierarchy)
  const compiled = rules?.length === 0 ? undefined : rules?.map((rule) => compileRule(rule, hierarchy))
  return (x, identity) =>
    unmet(demands, identity) ?? (compiled === undefined ? undefined : decide(compiled, x, identity))
}

function compileRule(rule: AccessRule, hierarchy: RoleHierarchy): Rule {
  const { methods, client, deny } = rule
  const paths = patternsOf(rule).map((pattern) => {
    const matcher = compilePath(pattern)
    if (typeof matcher === 'string') throw new Error(`expected ${matcher}`)
    return matcher
  })
  return {
    methods: methods === undefined ? undefined : withHead(methods),
    paths,
    longest: Math.min(Infinity, ...paths.map(({ longest }) => longest)),
    client: client === undefined ? undefined : new ClientRanges(client),
    demands: deny ? [() => DENIED] : demandsOf(rule, hierarchy),
  }
}

/** GET includes HEAD (RFC 9110 §9.3.2). */
const withHead = (methods: readonly string[]): ReadonlySet<string> =>
  new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)

function demandsOf({ roles = [], scopes = [], claims = {} }: Demands, hierarchy: RoleHierarchy): readonly Demand[] {
  const demands: Demand[] = []
  if (roles.length > 0) {
    const enough = hierarchy.including(roles)
    const missing: Denial = Object.freeze({ reason: 'role_missing', missing: roles.join(' or ') })
    demands.push((identity) => (hasOne(identity.roles, enough) ? undefined : missing))
  }
  for (const scope of scopes) {
    const missing: Denial = Object.freeze({ reason: 'scope_missing', missing: scope })
    demands.push((identity) => (identity.scopes.includes(scope) ? undefined : missing))
  }
  for (const condition of conditionsOf(claims)) {
    const missing: Denial = Object.freeze({ reason: 'claim_missing', missing: condition.name })
    demands.push((identity) => (condition.holds(identity.claims) ? undefined : missing))
  }
  return demands
}

function hasOne(list: readonly string[], set: ReadonlySet<string>): boolean {
  for (const one of list) if (set.has(one)) return true
  return false
}

function unmet(demands: readonly Demand[], identity: Identity): Denial | undefined {
  for (const demand of demands) {
    const denial = demand(identity)
    if (denial !== undefined) return denial
  }
  return undefined
}

function decide(rules: readonly Rule[], x: Exchange, identity: Identity): Denial | undefined {
  const { method, path } = x.request
  const anyCase = x.endpoint?.caseSensitive === false
  // Read where the first rule needs it.
  let normal: string | undefined
  let others = NONE
  for (const { methods, paths, longest, client, demands } of rules) {
    if (methods?.has(method) === false) continue
    if (client?.has(x.downstream.address) === false) continue
    if (paths.length > 0) {
      if (normal === undefined) {
        const form = normalPath(path)
        if (typeof form !== 'string') return FAULTS[form.reason]
        const readings = otherReadings(form, x.endpoint?.allowAmbiguous)
        if (readings === undefined) return AMBIGUOUS
        normal = form
        others = readings
      }
      // To skip the expression would select another rule.
      if (normal.length > longest) return TOO_LONG
      const matches = anyOf(paths, normal, anyCase)
      // To a server that reads the path in another way, another rule would be for it.
      for (const other of others) if (anyOf(paths, other, anyCase) !== matches) return AMBIGUOUS
      if (!matches) continue
    }
    return unmet(demands, identity)
  }
  return NO_RULE
}

function anyOf(paths: readonly PathMatcher[], path: string, anyCase: boolean): boolean {
  for (const one of paths) if (one.matches(path, anyCase)) return true
  return false
}
