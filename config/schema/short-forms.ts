/** The factory of a filter and one of its options; without an option: all of them. */
export type OptionRef = readonly [factory: string, option?: string]

/** The option that each flat key is short for. Keys without one such option, such as `auth_type`, are read in shorthand.ts. */
export const SHORT_FORMS = {
  document: {
    circuit_breaker: ['breaker'],
    debug: ['route-match', 'debug'],
    auth_algorithm: ['auth', 'algorithm'],
    auth_issuer: ['auth', 'issuer'],
    auth_audience: ['auth', 'audience'],
  },
  endpoint: {
    methods: ['method-check', 'methods'],
    timeout: ['proxy', 'timeout'],
    roles: ['auth', 'roles'],
    scopes: ['auth', 'scopes'],
  },
} as const satisfies Record<string, Readonly<Record<string, OptionRef>>>
