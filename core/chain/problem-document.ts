/** The members of a problem document (RFC 9457 §3); those that are undefined are left out. */
export type ProblemMembers = Record<string, unknown>

/** A problem document, ready to be sent. */
export interface ProblemDocument {
  /** For `Content-Type`. */
  readonly type: string
  readonly text: string
}

/**
 * Writes a problem document in the form that the client prefers: JSON (RFC 9457), HTML or plain text.
 * @param accept the request's `Accept`, if there is one
 */
export function problemDocument(members: ProblemMembers, accept: string | undefined): ProblemDocument {
  const type = preferredType(accept)
  return { type: type === JSON_TYPE ? type : `${type}; charset=utf-8`, text: RENDER[type](members) }
}

const JSON_TYPE = 'application/problem+json'
type ProblemType = typeof JSON_TYPE | 'text/html' | 'text/plain'

const lines = (members: ProblemMembers): [string, string][] =>
  Object.entries(members)
    .filter(([key, value]) => value !== undefined && key !== 'type' && key !== 'title' && key !== 'status')
    .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])

const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

const RENDER: Record<ProblemType, (members: ProblemMembers) => string> = {
  [JSON_TYPE]: (members) => `${JSON.stringify(members)}\n`,
  'text/plain': (members) =>
    `${members.status} ${members.title}\n${lines(members)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join('')}`,
  'text/html': (members) => {
    const heading = escapeHtml(`${members.status} ${members.title}`)
    const rows = lines(members).map(([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd>`)
    return `<!doctype html><title>${heading}</title><h1>${heading}</h1><dl>${rows.join('')}</dl>\n`
  },
}

/**
 * The type that `Accept` prefers (RFC 9110 §12.5.1). JSON wins ties and everything unclear: browsers always say what they
 * want, programs rarely do.
 */
function preferredType(accept: string | undefined): ProblemType {
  if (accept === undefined || !/text\//i.test(accept)) return JSON_TYPE
  let best: ProblemType = JSON_TYPE
  let weight = 0
  for (const part of accept.slice(0, 1024).split(',')) {
    const [range = '', ...parameters] = part.split(';').map((s) => s.trim().toLowerCase())
    const q = Number(parameters.find((p) => p.startsWith('q='))?.slice(2) ?? 1)
    const type = RANGES[range]
    if (type === undefined || Number.isNaN(q) || q < weight) continue
    if (q === weight && type !== JSON_TYPE) continue
    best = type
    weight = q
  }
  return best
}

const RANGES: Readonly<Record<string, ProblemType>> = {
  'application/problem+json': JSON_TYPE,
  'application/json': JSON_TYPE,
  'application/*': JSON_TYPE,
  'text/html': 'text/html',
  'text/plain': 'text/plain',
  'text/*': 'text/plain',
  '*/*': JSON_TYPE,
}
