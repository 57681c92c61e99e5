// A plugin for tests: what this process knows of the gateway's own tokens, at /known?<jti>.
import { defineFilter, OwnTokensKey, reply } from '../../core/index.ts'

export default defineFilter({
  name: 'known-tokens',
  apiVersion: 1,
  needs: [OwnTokensKey],
  create: (_options, env) => {
    const known = env.service(OwnTokensKey)
    return {
      request({ request: { path, query } }) {
        if (path !== '/known') return
        const { trust } = known
        const body = JSON.stringify({ pid: process.pid, trust, revoked: known.isRevoked(query.slice(1), undefined) })
        return reply(200, 'known', { body, headers: { 'Content-Type': 'application/json' } })
      },
    }
  },
})
