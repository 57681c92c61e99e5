/** One block of a PEM text (RFC 7468 §3). */
export interface PemBlock {
  /** `CERTIFICATE`, `PUBLIC KEY`. */
  readonly label: string
  /** The block as OpenSSL reads it: lines of 64 characters. */
  readonly text: string
}

const BOUNDARY = /-----(BEGIN|END) ([A-Z0-9 ]+)-----/g
/** Environments and forms turn line breaks into these. */
const BREAKS = /\\r|\\n|\s/g
const CUT_BEGIN = /-----B(?:EGIN|E?G?I?$)/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * Every block of a PEM text; text around blocks is ignored (RFC 7468 §2). It also reads what environments make of PEM: `\n`
 * or spaces in place of line breaks, and the whole text once more in base64.
 *
 * ```ts
 * const [first] = pemBlocks(env.readFile('ca.pem').toString())
 * first?.label // 'CERTIFICATE'
 * ```
 * @throws Error in words for the operator, without the contents, if a block is cut off or is not base64
 */
export function pemBlocks(text: string): PemBlock[] {
  const source = unwrapBase64(text)
  const blocks: PemBlock[] = []
  let open: { readonly label: string; readonly start: number } | undefined
  for (const { 0: boundary, 1: kind, 2: label = '', index } of source.matchAll(BOUNDARY)) {
    const which = `block ${blocks.length + 1}, ${label},`
    if (kind === 'BEGIN') {
      if (open !== undefined)
        throw new Error(`block ${blocks.length + 1}, ${open.label}, has no END line: it is cut off`)
      open = { label, start: index + boundary.length }
      continue
    }
    if (open?.label !== label) throw new Error(`${which} has an END line without its BEGIN line: it is cut off`)
    const body = source.slice(open.start, index).replaceAll(BREAKS, '')
    if (!BASE64.test(body)) throw new Error(`${which} is empty, or holds characters that are not base64`)
    blocks.push({
      label,
      text: `-----BEGIN ${label}-----\n${body.replaceAll(/.{64}(?!$)/g, '$&\n')}\n-----END ${label}-----\n`,
    })
    open = undefined
  }
  // The last BEGIN line may itself be cut off.
  const rest = source.slice(source.lastIndexOf('-----END ') + 1)
  if (open !== undefined || CUT_BEGIN.test(rest))
    throw new Error(`block ${blocks.length + 1}${open ? `, ${open.label},` : ''} has no END line: it is cut off`)
  return blocks
}

/**
 * The PEM or JSON text that is written in base64 here, or else the text as it is.
 *
 * ```ts
 * unwrapBase64('eyJrdHkiOiJFQyJ9') // '{"kty":"EC"}'
 * ```
 */
export function unwrapBase64(text: string): string {
  const body = text.replaceAll(BREAKS, '')
  if (!BASE64.test(body)) return text
  const inner = Buffer.from(body, 'base64').toString('latin1')
  return /^\s*(?:-----BEGIN |\{\s*")/.test(inner) ? inner : text
}
