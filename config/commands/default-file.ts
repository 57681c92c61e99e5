import { writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { packageFile } from '../../core/base/package-file.ts'

const SCHEMA = fileURLToPath(packageFile('config/weir.schema.json'))
/** With more steps up than this, an absolute path is easier to read. */
const MAX_UP = 3

/** The first line of a configuration, by which editors find the JSON Schema. */
export function modeline(path: string, schema = SCHEMA): string {
  const place = placeOf(schema, path)
  // The path ends at a space; a URL has none.
  return `# yaml-language-server: $schema=${/\s/.test(place) ? pathToFileURL(schema).href : place}\n`
}

/** How a configuration at `path` names another file: relative to itself where that is short. */
function placeOf(file: string, path: string): string {
  const way = relative(dirname(resolve(path)), file).replaceAll('\\', '/')
  const near = !isAbsolute(way) && way.split('../').length - 1 <= MAX_UP
  return near ? way : file
}

/** What `writeDefaultFile` writes to `path`. Its comments name pages of the documentation by where they are installed. */
export function defaultText(path: string): string {
  const text = DEFAULT_CONFIG.replaceAll(/\bdocs\/\S+\.md\b/g, (page) =>
    placeOf(fileURLToPath(packageFile(page)), path),
  )
  return modeline(path) + text
}

/** The configuration to start with, without its first line. */
export const DEFAULT_CONFIG = `# Weir's configuration. docs/reference/configuration.md describes every key.
# Values may refer to the environment: \${NAME}, \${NAME:-default}, \${NAME:?message}.

# Where clients connect: host:port, or a port alone. 127.0.0.1 is this machine only; "8000" is every address.
listen: 127.0.0.1:8000

# Health, metrics and the dashboard. Only this machine can reach it.
admin:
  listen: 127.0.0.1:8001

log_level: info

# Every request passes these filters, in this order. You may reorder them, give them options (auth: { algorithm: HS256 }),
# or turn one off (breaker: off).
filters:
  - request-id # gives the request an id, or keeps the id that it has
  - auth # checks the token, if the endpoint requires one
  - route-match # finds the endpoint: /orchestrator/<version>/<name>/…
  - method-check # refuses methods that the endpoint doesn't list
  - breaker # stops calling an upstream for a while when it keeps failing
  - proxy # calls the upstream and streams the response back
  - metrics # counts and times requests, for Prometheus

# A small upstream for trials: its response describes the request. Remove it in production.
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

/**
 * Writes a configuration to start with. Its first line names the JSON Schema for editors. Only its owner may read it, since
 * secrets may be added. Rejects if the file exists.
 */
export async function writeDefaultFile(path: string): Promise<void> {
  try {
    await writeFile(path, defaultText(path), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    throw exists ? new Error(`${path} exists already; it was not changed`, { cause: error }) : error
  }
}
