import proxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [, , upstream, port] = process.argv
const app = fastify({ logger: false })
app.register(proxy, { upstream, prefix: '/orchestrator/v1/bench' })
await app.listen({ port: Number(port), host: '127.0.0.1' })
