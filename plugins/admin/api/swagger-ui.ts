import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { LocalReply } from '../../../core/index.ts'
import type { Content } from './api-operation.ts'
import { problem } from './contents.ts'

/**
 * Nothing from elsewhere, and no script or style but files of this listener. Swagger UI draws arrows by `data:` URLs in its style sheet.
 * What it shows comes from `/openapi.json`, and what it sends goes to this API.
 */
export const SWAGGER_FIELDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
}

export const SWAGGER_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Weir: admin API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`

const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null })
`

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': JAVASCRIPT,
  'favicon-32x32.png': 'image/png',
}

/** A file of the page; undefined if it has none of that name. */
export async function swaggerAsset(name: string): Promise<Content | LocalReply | undefined> {
  if (name === 'start.js') return { status: 200, type: JAVASCRIPT, data: START }
  const type = Object.hasOwn(FILES, name) ? FILES[name] : undefined
  if (type === undefined) return undefined
  try {
    return { status: 200, type, data: await readFile(new URL(name, folder())) }
  } catch {
    return problem(501, 'not_available', 'Swagger UI is not installed.')
  }
}

/** In the package the build has put the files beside this one; in a checkout they are those of the development dependency. */
function folder(): URL {
  const beside = new URL('./swagger-ui/', import.meta.url)
  return existsSync(beside) ? beside : new URL('./', import.meta.resolve('swagger-ui-dist/package.json'))
}
