// Without its runtime, which adds a proxy of its own in front: one process, one remote application, no documents fetched.
import { create } from '@platformatic/gateway'

const [, , origin, port] = process.argv
const gateway = await create(import.meta.dirname, {
  $schema: 'https://schemas.platformatic.dev/@platformatic/gateway/3.54.0.json',
  server: { hostname: '127.0.0.1', port: Number(port), logger: { level: 'silent' } },
  gateway: {
    refreshTimeout: 0,
    applications: [{ id: 'bench', origin, proxy: { prefix: '/orchestrator/v1/bench' } }],
  },
})
await gateway.init?.()
await gateway.start({ listen: true })
