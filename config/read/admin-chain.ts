import type { DocumentValues } from '../schema/document-schema.ts'
import { type DeclaredChain, declaredChain } from './chain-entries.ts'
import { merged, type Shorthand, single, tokenKeys } from './shorthand-key.ts'

/** What the document says of its admin listener beside the chain. */
export interface AdminKeys {
  /** True if other machines can reach it. */
  readonly open: boolean
  /** The names that it is served under. */
  readonly hosts: readonly string[]
}

/** The admin listener's chain. The keys about tokens and hosts apply there, unless an option of its `auth`, or `admin`, sets the same. */
export function expandAdminChain(chain: DeclaredChain, values: DocumentValues, keys: AdminKeys): DeclaredChain {
  const { open, hosts } = keys
  return withKeys(chain, [
    ...tokenKeys(values),
    // Without a token the admin API knows no roles, and would let everything pass that it refuses to those who have one.
    ...single(['auth', 'required'], true, open ? ['admin', 'listen'] : ['admin', 'filters']),
    ...single(['admin', 'allowed_hosts'], hosts.length > 0 ? hosts : undefined, ['admin', 'allowed_hosts']),
  ])
}

function withKeys(chain: DeclaredChain, keys: readonly Shorthand[]): DeclaredChain {
  const entries = chain.entries.map((filter) =>
    keys
      .filter(({ factory }) => factory === filter.factory)
      .reduce(
        (f, key) => (Object.keys(key.options).some((o) => Object.hasOwn(f.options, o)) ? f : merged(f, key)),
        filter,
      ),
  )
  return declaredChain(entries, chain.complete)
}
