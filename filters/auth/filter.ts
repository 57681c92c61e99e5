import {
  AUTHENTICATION,
  defineFilter,
  defineSlot,
  type Exchange,
  type Identity,
  IdentitySlot,
  isThenable,
  type Verdict,
} from '../../core/index.ts'
import { loadKey } from './keys.ts'
import { type AuthOptions, options } from './options.ts'
import { refusals } from './replies.ts'
import { type Proof, Verifier, type VerifierOptions } from './verifier.ts'

export const auth = defineFilter({
  name: 'auth',
  apiVersion: 1,
  summary: 'Verifies bearer tokens (JWT) and enforces roles and scopes.',
  prompt: true,
  options,
  offline: true,
  writes: [IdentitySlot],
  enforces: [AUTHENTICATION],
  // Weir brings neither of the two; a plugin of that name need not know of this filter.
  advises: [
    {
      after: { filter: 'rate-limit' },
      why: 'requests that auth refuses are not counted, so tokens can be guessed without limit',
    },
    {
      after: { filter: 'cors' },
      why: 'browsers send preflight requests without credentials, and auth refuses them',
    },
  ],
  create(options, env) {
    const { algorithm, issuer, audience, roles, scopes } = options
    const enforced = options.required || roles.length > 0 || scopes.length > 0
    const key = loadKey(options, env.readFile, process.env, (message) => env.warn(message))
    if (key === undefined && enforced)
      env.warn(
        algorithm === 'HS256'
          ? 'no key, so every request that must be authenticated is refused: set secret, secret_file or WEIR_JWT_SECRET'
          : 'no key, so every request that must be authenticated is refused: set public_key or public_key_file',
      )
    const verification: VerifierOptions = {
      algorithm,
      key: key?.key,
      issuer,
      audience,
      clockTolerance: options.clock_tolerance,
      requireExp: options.require_exp,
      tokenType: options.token_type,
      rolesClaim: options.roles_claim,
      cacheSize: options.cache_size,
    }
    const verifier = env.share(JSON.stringify({ ...verification, key: key?.fingerprint }), {
      scope: 'factory',
      version: 1,
      make: () => new Verifier(verification, env.clock),
    })
    const refuse = refusals(options)
    // Instances of one name, the chain's and the endpoints', share the slot; a filter of another name has its own.
    const proofSlot = defineSlot<Proof>(`auth.proof:${env.name}`)

    function identify(x: Exchange, proof: Proof): void {
      if (x.over) return
      x.set(proofSlot, proof)
      if (proof.identity !== undefined) x.set(IdentitySlot, proof.identity)
    }

    /** Replaces the proof of another verifier by this one's. */
    function replace(x: Exchange, proof: Proof, before: Proof | undefined): void {
      if (x.over) return
      const foreign = before?.identity
      if (proof.identity === undefined && foreign !== undefined && x.identity === foreign)
        x.set(IdentitySlot, undefined as unknown as Identity) // a slot can't be emptied; readers see undefined all the same
      identify(x, proof)
    }

    function enforce(x: Exchange, proof: Proof): Verdict {
      const { identity } = proof
      if (identity === undefined) {
        return enforced || demanded(x) ? refuse[proof.problem] : undefined
      }
      if (roles.length > 0 && !overlap(roles, identity.roles)) return refuse.role_missing
      for (const scope of scopes) if (!identity.scopes.includes(scope)) return refuse.scope_missing
      x.satisfy(AUTHENTICATION)
    }

    return {
      request(x) {
        const proof = verifier.prove(x.request.headers)
        if (isThenable(proof)) return proof.then((found) => identify(x, found))
        identify(x, proof)
      },
      routed(x) {
        const before = x.get(proofSlot)
        if (before?.verifier === verifier) return enforce(x, before)
        // It was proved, or refused, with other options, which say nothing here.
        const proof = verifier.prove(x.request.headers)
        if (isThenable(proof)) {
          return proof.then((found) => {
            replace(x, found, before)
            return enforce(x, found)
          })
        }
        replace(x, proof, before)
        return enforce(x, proof)
      },
      // Roles and scopes are not listed: options may come from a place that is not for everyone to read.
      *explain(x) {
        const role = roles.length > 0 ? ' with one of the roles' : ''
        const scope = scopes.length > 0 ? ' with every one of the scopes' : ''
        if (enforced || demanded(x))
          yield `demands a token signed with ${algorithm}${[role, scope].filter(Boolean).join(' and')}`
        else yield 'demands nothing, but verifies a token if there is one'
        yield `key: ${key === undefined ? 'none, no token is valid' : sourceOf(options)}`
      },
    }
  },
})

/** Where the key comes from, without the key itself. */
function sourceOf(options: AuthOptions): string {
  const named = (['secret', 'secret_file', 'public_key', 'public_key_file'] as const).find(
    (option) => options[option] !== undefined,
  )
  if (named !== undefined) return `the option ${named}`
  return `${process.env.WEIR_JWT_SECRET ? 'WEIR_JWT_SECRET' : 'JWT_SECRET'} of the environment`
}

/** Whether the endpoint itself requires authentication, and no other filter has identified the caller. */
function demanded(x: Exchange): boolean {
  return x.identity === undefined && x.endpoint?.requires.includes(AUTHENTICATION) === true
}

function overlap(a: readonly string[], b: readonly string[]): boolean {
  for (const one of a) if (b.includes(one)) return true
  return false
}
