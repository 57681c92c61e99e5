/** The factory of a filter, and its option; without one, all of them. */
export type OptionRef = readonly [factory: string, option?: string]

/** What each flat key stands for. `auth_type`, `metrics_enabled` and what else has no one option are read below. */
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
