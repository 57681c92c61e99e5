import { defineFilter } from 'weir'

/** The smallest useful plugin: names the gateway on every response that passes. */
export default defineFilter({
  name: 'hello',
  apiVersion: 1,
  create: (_options, env) => ({
    response(x) {
      x.response.headers.set('X-Hello', `from ${env.name}`)
    },
  }),
})
