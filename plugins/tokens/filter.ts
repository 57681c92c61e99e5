import * as z from 'zod'
import { defineFilter, RouteSlot, TokenIssuerKey } from '../../core/index.ts'
import { TokenFilter } from './token-filter.ts'
import { TokenPaths } from './token-paths.ts'

const options = z.strictObject({
  prefix: z
    .string()
    .regex(/^\/.*[^/]$/, 'expected a path such as /auth')
    .describe('`tokens.serve.prefix`.'),
  issuer: z.url().describe('`tokens.issuer`.'),
})

/** Serves the tokens that the gateway issues itself. The section `tokens` puts it into the chain, with its options. */
export const tokens = defineFilter<z.infer<typeof options>>({
  name: 'tokens',
  apiVersion: 1,
  summary: 'Serves the tokens that the gateway issues itself: login, renewal, revocation, introspection, keys.',
  options,
  wants: [TokenIssuerKey],
  advises: [
    {
      before: { writes: RouteSlot },
      why: '{other} replies to requests that lead to no endpoint, and an endpoint may get those for tokens',
    },
  ],
  create: ({ prefix, issuer }, env) =>
    new TokenFilter(new TokenPaths(prefix, issuer), env.serviceIf(TokenIssuerKey), env.log),
})
