import { writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const SCHEMA = fileURLToPath(new URL('../weir.schema.json', import.meta.url))
/** Further up than this, a relative path says less than an absolute one. */
const MAX_UP = 3

/** The line by which editors find the JSON Schema of the file that it heads. */
export function modeline(path: string, schema = SCHEMA): string {
  const way = relative(dirname(resolve(path)), schema).replaceAll('\\', '/')
  const near = !isAbsolute(way) && way.split('../').length - 1 <= MAX_UP
  const place = near ? way : schema
  // The line ends the path at a space; a URL has none.
  return `# yaml-language-server: $schema=${/\s/.test(place) ? pathToFileURL(schema).href : place}\n`
}

/** What `writeDefaultFile` writes below the first line. */
export const DEFAULT_CONFIG = `# Weir's configuration. Everything here is explained in docs/reference/configuration.md.
# Values may refer to the environment: \${NAME}, \${NAME:-default}, \${NAME:?message}.

# Where clients connect: a port (on every address), or host:port.
listen: 8000

# Health, metrics and the dashboard. Only this machine can reach it.
admin:
  listen: 127.0.0.1:8001

log_level: info

# Every request passes these filters, in this order. Reorder them, give them options (auth: { algorithm: HS256 }),
# or leave one out (breaker: off).
filters:
  - request-id # gives the request an id, or keeps the one it came with
  - auth # checks the token, where the endpoint demands one
  - route-match # finds the endpoint: /orchestrator/<version>/<name>/…
  - method-check # refuses methods that the endpoint doesn't list
  - breaker # stops calling an upstream that keeps failing, for a while
  - proxy # calls the upstream and streams the answer back
  - metrics # counts and times requests, for Prometheus

# A small upstream that answers with what it was asked, to try things with. Remove it in production.
echo:
  listen: 127.0.0.1:8002

# The upstream APIs. Try this one: curl http://localhost:8000/orchestrator/v1/echo/hello?x=1
endpoints:
  - name: echo
    version: v1
    url: http://127.0.0.1:8002

  # - name: orders
  #   version: v1
  #   url: https://orders.example.com/api
  #   methods: [GET, POST]
  #   auth_type: bearer # a token, checked by the filter auth; it needs a key, see docs/filters/auth.md
  #   roles: [customer]
  #   timeout: 30s
`

/** Writes a configuration to start with, headed by the line that tells editors its schema. Never overwrites: rejects when something stands at the path. */
export async function writeDefaultFile(path: string): Promise<void> {
  try {
    await writeFile(path, modeline(path) + DEFAULT_CONFIG, { flag: 'wx' })
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    throw exists ? new Error(`${path} exists already; it was left as it is`, { cause: error }) : error
  }
}
