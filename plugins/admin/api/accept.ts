/**
 * Whether a client takes a media type (RFC 9110 §12.5.1): the most specific range that covers it counts, and its weight must be above zero.
 * @param accept value of `Accept`; undefined or empty: the client takes everything
 */
export function accepts(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept.trim() === '') return true
  const [wanted = ''] = type.split(';')
  const main = wanted.split('/')[0]!
  let best = -1
  let weight = 0
  for (const part of accept.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const specific = range === wanted ? 2 : range === `${main}/*` ? 1 : range === '*/*' ? 0 : -1
    if (specific < 0) continue
    const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
    if (specific === best) weight = Math.max(weight, q)
    else if (specific > best) [best, weight] = [specific, q]
  }
  return weight > 0
}
