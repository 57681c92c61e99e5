// npm run test:soak: the soaks named, or all of them, one after the other. Fails if any does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ALL = [
  'websocket',
  'aborts',
  'restart',
  'idle',
  'bodies',
  'streaming',
  'reload',
  'health',
  'faults',
  'clients',
  'workers',
]
const names = process.argv.length > 2 ? process.argv.slice(2) : ALL
const unknown = names.filter((name) => !ALL.includes(name))
if (unknown.length > 0) {
  console.error(`no such soak: ${unknown.join(', ')}; there are ${ALL.join(', ')}`)
  process.exit(2)
}
const failed: string[] = []
for (const name of names) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`${name}.ts`, import.meta.url))], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) failed.push(name)
  console.log()
}
console.log(failed.length === 0 ? `passed: ${names.join(', ')}` : `FAILED: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
