import { defineFilter } from 'weir'

/** The smallest useful plugin: adds a header field to every response. */
export default defineFilter({
  name: 'hello',
  apiVersion: 1,
  create: (_options, env) => ({
    response(x) {
      x.response.headers.set('X-Hello', `from ${env.name}`)
    },
  }),
})
